"""The mediawiki source: a wiki over its API, or its XML dumps."""

from functools import partial
from typing import Self

from pydantic import BaseModel

from sources.collections.collection import Collection
from sources.collections.config import SourceConfig
from sources.collections.files import find_files
from sources.collections.source import CollectionSource
from sources.mediawiki.dump import SUFFIXES
from sources.mediawiki.dump_collection import DumpCollection
from sources.mediawiki.site_collection import WikiSiteCollection
from sources.urls import NotCrawlable, normalise


class MediaWikiConfig(SourceConfig):
    """The API or the dumps of a wiki; names are those of the settings' keys."""

    api: str | None = None
    dumps: tuple[str, ...] = ()
    namespaces: tuple[int, ...] | None = None
    delay_s: float = 0.0
    retries: int = 3

    @classmethod
    def of(cls, section: BaseModel, crawl: object) -> Self:
        """Build it from an entry of the settings, with the politeness of the crawl."""
        polite = {key: getattr(crawl, key) for key in ("delay_s", "retries")}
        return super().of(section, crawl).model_copy(update=polite)


def configured(crawl: object, section: BaseModel) -> CollectionSource:
    """Build the source from an entry of `[[crawl.sources]]`."""
    config = MediaWikiConfig.of(section, crawl)
    return CollectionSource(config, partial(_find, config))


def _find(config: MediaWikiConfig) -> list[Collection]:
    files = find_files(config.dumps, SUFFIXES, "crawl.sources.dumps") if config.dumps else []
    found: list[Collection] = [DumpCollection(file, config.namespaces) for file in files]
    if config.api is not None:
        api = normalise(config.api)
        if api is None:
            raise NotCrawlable(f"crawl.sources.api: {config.api!r} is not the http(s) address of an api.php")
        found.append(WikiSiteCollection(api, config.namespaces, config.name, config.retries, config.delay_s))
    return found
