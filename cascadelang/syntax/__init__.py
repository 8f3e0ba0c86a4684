"""Text to tree to AST."""
