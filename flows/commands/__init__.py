"""The commands of `factory`: one file per room, `context.py` for settings and connections, `exit.py` for errors."""
