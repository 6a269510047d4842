"""The web source: pages reached over HTTP from seeds and sitemaps, along links."""

from sources.web.source import configured

__all__ = ["configured"]
