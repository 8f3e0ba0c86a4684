"""The execution graph: compiled, bounded, drawn."""
