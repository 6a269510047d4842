"""Sources of engineering tasks: packages of the allowlist, and local git repositories."""
