"""Tasks: walks over the link graph become tasks with fixed answers. Start at flow.py."""
