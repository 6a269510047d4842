"""Scoring of submissions: reading them as hostile input, and metrics over their predictions."""
