"""The keys that every entry of `[[crawl.sources]]` has."""

import re

from pydantic import Field, field_validator

from flows.settings.section import Section
from flows.settings.types import LicenseName, Positive
from sources.rights.declarations import Directive

NAME = re.compile(r"[a-z][a-z0-9_.-]{0,47}")
FORMS = ("page", "sitemap", "file")
"""Names that the frontier uses for urls of web sites and folders."""


class SourceSection(Section):
    """One source of documents."""

    name: str | None = Field(
        default=None, description="value of the documents' column `source`; not set: the kind; two of one kind need it"
    )
    license: LicenseName | None = Field(
        default=None, description="license of its pages that declare none; not set: the crawl's"
    )
    max_pages: Positive | None = Field(default=None, description="pages read per night; not set: all")
    obey_directives: list[Directive] | None = Field(
        default=None, description="statements of its pages that are obeyed; not set: the crawl's"
    )

    @field_validator("name")
    @classmethod
    def _valid_name(cls, name: str | None) -> str | None:
        if name is not None and (not NAME.fullmatch(name) or name in FORMS):
            raise ValueError(f"write a small letter, then small letters, digits, - . or _; not {', '.join(FORMS)}")
        return name
