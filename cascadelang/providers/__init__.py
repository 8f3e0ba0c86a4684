"""Adapters to model services, one file each."""
