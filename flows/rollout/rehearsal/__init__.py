"""Rehearsals: scripted policies of a domain play its tasks through the real rollout, without a model."""
