"""Servers of tools as environments, and environments served to clients of the protocol."""
