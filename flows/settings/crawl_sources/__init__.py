"""The entries of `[[crawl.sources]]`: one section class per kind, told apart by the key `kind`."""

from typing import Annotated

from pydantic import Field

from flows.settings.crawl_sources.folder import FolderSection
from flows.settings.crawl_sources.git import GitSection
from flows.settings.crawl_sources.mediawiki import MediaWikiSection
from flows.settings.crawl_sources.oai import OaiSection
from flows.settings.crawl_sources.web import WebSection

CrawlSource = Annotated[
    FolderSection | GitSection | MediaWikiSection | OaiSection | WebSection,
    Field(discriminator="kind"),
]

__all__ = ["CrawlSource"]
