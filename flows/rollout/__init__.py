"""Rollout: a teacher works tasks with tools, token in and token out. Start at flow.py."""
