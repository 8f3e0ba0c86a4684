"""What is learned from records: recorded answers read, and policies run over them with no call made."""
