"""Settings of a git source: repositories and the files to read of them."""

from typing import Literal

from pydantic import Field

from flows.settings.crawl_sources.source_section import SourceSection


class GitSection(SourceSection):
    """Documentation and source files of repositories."""

    kind: Literal["git"]
    repositories: list[str] = Field(min_length=1, description="https addresses or local paths of repositories")
    ref: str | None = Field(default=None, description="branch, tag or full commit id; not set: the default branch")
    paths: list[str] | None = Field(
        default=None,
        description="patterns of the files to read, as .gitignore writes them; not set: documentation and source code",
    )
    permalinks: str | None = Field(
        default=None,
        description="address of a file, with {web}, {ref} and {path}, for a forge that is not one of the known ones",
    )
