"""Images of the sandbox: built once on a machine from lists of packages, shared read-only by all attempts."""
