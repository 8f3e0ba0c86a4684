"""The trace store's numbered steps from one version to the next, a module for each dialect."""
