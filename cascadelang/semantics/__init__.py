"""Names, types and files of a parsed policy."""
