"""The world of an attempt: a workspace with data, an instrument with a budget, and the hand-in of a script."""
