"""Batches of work items under a drawn policy: scenarios, policies in logic and in words, and the composer."""
