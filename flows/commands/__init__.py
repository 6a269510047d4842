"""The verbs of `factory` that belong to one room: a file a room, and `opening.py`, what they all start from."""
