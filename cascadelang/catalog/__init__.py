"""Prices, contexts and capabilities of known models, as data."""
