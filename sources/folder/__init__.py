"""The folder source: Markdown, text and HTML files under local folders."""

from sources.folder.source import configured

__all__ = ["configured"]
