"""Records: answers that were given once, read from files."""
