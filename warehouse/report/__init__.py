"""A night on one page: figures, charts and the page itself."""
