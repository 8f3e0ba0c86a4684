"""The composition root: what the command line and the Python API call."""
