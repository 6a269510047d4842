"""`factory environments`: environments served to other programs, and the tools of servers that the settings name."""
