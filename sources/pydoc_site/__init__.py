"""The embedded site: documentation of the running Python, served on loopback by its own pydoc server."""
