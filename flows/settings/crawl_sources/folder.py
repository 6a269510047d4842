"""Settings of a folder source: files on this machine."""

from typing import Literal

from pydantic import Field

from flows.settings.address import LocalPath
from flows.settings.crawl_sources.source_section import SourceSection


class FolderSection(SourceSection):
    """Files below local folders."""

    kind: Literal["folder"]
    paths: list[LocalPath] = Field(min_length=1, description="folders to read, with all folders below them")
