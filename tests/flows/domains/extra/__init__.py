"""A folder of domains outside the source tree, added to the search path of `flows.domains` by a test."""
