"""Runs the tool calls of an agent: validation, limits, retries, worker processes, observations."""
