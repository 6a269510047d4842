"""Verdicts on finished attempts: the verifiers that a task names, and one on every turn with tool calls."""
