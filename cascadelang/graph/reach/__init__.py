"""What can never happen in a graph, decided for every query there is: see `cascadelang.graph.reach.look`."""
