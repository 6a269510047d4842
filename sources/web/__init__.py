"""The web source: pages reached over HTTP from seeds and sitemaps, along links."""

from sources.web.source import configured, configured_section

__all__ = ["configured", "configured_section"]
