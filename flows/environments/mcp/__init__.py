"""The Model Context Protocol: servers of tools as environments, and environments served as such servers."""
