"""Bugs in JavaScript."""
