"""Finds damaged files of the lake, sets them aside, and records the attempts that were lost."""
