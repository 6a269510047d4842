"""The documentation site: pages gathered from the rooms, a generated reference, and their navigation."""
