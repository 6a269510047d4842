"""Refine: every trajectory is kept, or rejected with its reasons. Start at flow.py."""
