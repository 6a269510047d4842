"""Rollout: a teacher works on tasks with tools, token ids in and token ids out. The entry point is flow.py."""
