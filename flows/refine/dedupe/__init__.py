"""Duplicates: the sketch of turns, candidate pairs from an inverted index, and clusters with their keepers."""
