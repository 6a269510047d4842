"""Tests of task folders in Harbor's format: what is read, what is refused, and tasks that prove themselves."""
