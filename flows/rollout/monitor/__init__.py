"""Monitoring of a run: live status, throughput, budget, and the record of its cost in the lake."""
