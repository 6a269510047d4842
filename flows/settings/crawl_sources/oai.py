"""Settings of an oai source: records of an OAI-PMH repository, and full texts whose licence allows it."""

from typing import Literal

from pydantic import Field, field_validator

from flows.settings.crawl_sources.source_section import SourceSection

DATE = r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?"


class OaiSection(SourceSection):
    """Records of a repository; politeness is that of [crawl]."""

    kind: Literal["oai"]
    endpoint: str = Field(description="base url of the repository, such as https://oaipmh.arxiv.org/oai")
    prefix: str = Field(default="oai_dc", description="metadata format: oai_dc, or arXiv")
    sets: list[str] = Field(default=[], description="sets to harvest; not set: all records")
    since: str | None = Field(default=None, pattern=DATE, description="first date of records, such as 2026-01-01")
    relist: bool = Field(
        default=False,
        description="list all records every night: finds deletions of a repository that does not report them",
    )
    full_text: str | None = Field(
        default=None,
        description="address of the full text of an arXiv record, such as https://arxiv.org/html/{id}; not set: none",
    )
    full_text_licenses: list[str] | None = Field(
        default=None,
        description="patterns of the licenses whose full text is read; not set: CC0, CC BY and CC BY-SA",
    )

    @field_validator("full_text")
    @classmethod
    def _has_id(cls, pattern: str | None) -> str | None:
        if pattern is not None and "{id}" not in pattern:
            raise ValueError("write {id} where the address has the record's id")
        return pattern
