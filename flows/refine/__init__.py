"""Refine keeps each trajectory or rejects it with reasons. Start at flow.py and decide.py."""
