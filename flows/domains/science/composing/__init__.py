"""Composes studies, each proven by a second way of computing."""
