"""The ZIM source: articles of offline copies of web sites, such as Kiwix's of Wikipedia."""

from sources.zim.source import configured

__all__ = ["configured"]
