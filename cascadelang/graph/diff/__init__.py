"""What changes between two graphs, in words a reviewer reads. See `cascadelang.graph.diff.compare`."""
