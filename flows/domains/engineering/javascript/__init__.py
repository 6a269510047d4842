"""JavaScript: its syntax, and the tests that a file defines."""
