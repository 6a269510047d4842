"""Composes the tasks of a night; flow.py is its step of the nightly."""
