"""`factory scan`: a model answers one question about each of many attempts; the answers are rows to query."""
