"""The WARC source: pages of web archives, such as the files of Common Crawl or of an earlier crawl."""

from sources.warc.source import configured

__all__ = ["configured"]
