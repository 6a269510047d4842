"""Tasks as folders for other frameworks: Harbor's format."""
