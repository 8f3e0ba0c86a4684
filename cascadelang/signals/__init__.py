"""What is known of a query before generating, one file each."""
