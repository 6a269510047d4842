"""The embedded site: documentation of the running Python, served on loopback by its own pydoc server."""

from sources.pydoc_site.source import configured

__all__ = ["configured"]
