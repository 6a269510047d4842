"""Formats of function-calling sets, which write calls as text."""
