"""Composes projects: studies with planted values, and the script that finds them."""
