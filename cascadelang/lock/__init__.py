"""The lock file: what a policy was reviewed with. See `cascadelang.lock.model`."""
