"""`factory domains`, `factory tasks` and `factory rehearse`: what tasks are made of, and whether they are good."""
