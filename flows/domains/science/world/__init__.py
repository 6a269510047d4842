"""The world of an attempt: a library to read, and a notebook of results."""
