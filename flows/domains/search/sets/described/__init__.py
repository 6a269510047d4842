"""Questions over pages that are described by their words alone, without a list or a name."""
