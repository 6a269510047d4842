"""Environments: the worlds of single attempts, each with its tools and their state."""
