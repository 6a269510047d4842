"""The mediawiki source: the pages of a wiki over its API, or from its XML dumps."""

from sources.mediawiki.source import configured

__all__ = ["configured"]
