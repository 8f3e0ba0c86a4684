"""What Acme's policies ask of queries and answers."""
