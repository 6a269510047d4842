"""The entries of `[[crawl.sources]]`: one section class per kind, distinguished by the key `kind`."""

from typing import Annotated

from pydantic import Field

from flows.settings.crawl_sources.feed import FeedSection
from flows.settings.crawl_sources.folder import FolderSection
from flows.settings.crawl_sources.git import GitSection
from flows.settings.crawl_sources.mediawiki import MediaWikiSection
from flows.settings.crawl_sources.oai import OaiSection
from flows.settings.crawl_sources.parquet import ParquetSection
from flows.settings.crawl_sources.warc import WarcSection
from flows.settings.crawl_sources.web import WebSection
from flows.settings.crawl_sources.zim import ZimSection

CrawlSource = Annotated[
    FeedSection
    | FolderSection
    | GitSection
    | MediaWikiSection
    | OaiSection
    | ParquetSection
    | WarcSection
    | WebSection
    | ZimSection,
    Field(discriminator="kind"),
]

__all__ = ["CrawlSource"]
