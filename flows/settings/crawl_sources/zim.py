"""Settings of a source of ZIM files."""

from typing import Literal

from pydantic import Field

from flows.settings.address import HttpUrl, LocalPath
from flows.settings.crawl_sources.source_section import SourceSection


class ZimSection(SourceSection):
    """Articles of ZIM files, the offline copies of web sites that Kiwix reads; needs the extra `zim`."""

    kind: Literal["zim"]
    paths: list[LocalPath] = Field(min_length=1, description="files, folders or patterns such as /data/*.zim")
    base_url: HttpUrl | None = Field(
        default=None,
        description="address of the copied site, as in https://en.wikipedia.org/wiki/; not set: see sources/zim/",
    )
