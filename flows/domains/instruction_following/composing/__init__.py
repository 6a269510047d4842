"""Composes briefs: documents with rules, and constraints that are proven together before a task is stored."""
