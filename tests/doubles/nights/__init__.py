"""Whole nights and rollouts as processes, which tests start in several places, kill, and compare."""
