"""Composes tasks of ML engineering: a problem, its hidden labels, and the two scores between which a task passes."""
