"""The folder source: files below local folders."""

from sources.folder.source import configured, configured_folders

__all__ = ["configured", "configured_folders"]
