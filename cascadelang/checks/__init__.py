"""Judgements of answers, one file each."""
