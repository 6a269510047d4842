"""The feed source: entries of RSS, Atom and JSON feeds since the last night."""

from sources.feed.source import configured

__all__ = ["configured"]
