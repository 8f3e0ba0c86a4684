"""What is learned from records: policies run over recorded answers, with no call made."""
