"""Retention: what a home holds, what may go, and the record of what went."""
