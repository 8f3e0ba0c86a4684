"""What is told about a file: values, their names, and how they are shown."""
