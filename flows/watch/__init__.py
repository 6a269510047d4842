"""A night as Prefect shows it: its progress while it works, and one page at its end."""
