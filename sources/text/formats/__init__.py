"""Formats other than HTML and plain text: PDF, reStructuredText, EPUB."""
