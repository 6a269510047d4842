"""Office worlds by seed: words, names, people and texts, from which composers build the initial rows of a task."""
