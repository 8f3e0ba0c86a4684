"""Runs a graph."""
