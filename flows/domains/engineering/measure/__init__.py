"""Measurements of sources and bugs in the sandbox."""
