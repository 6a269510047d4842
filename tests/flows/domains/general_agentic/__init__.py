"""Tests of the general agentic domain: composed tasks are solvable, proof against shortcuts, and varied."""
