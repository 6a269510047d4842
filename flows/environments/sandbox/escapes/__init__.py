"""Attempts to leave the sandbox, and their run."""
