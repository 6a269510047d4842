"""The optional dense index of a library: passages found by their meaning, beside those found by their words."""
