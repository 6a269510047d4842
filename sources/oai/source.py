"""The oai source: the records of OAI-PMH repositories, such as arXiv."""

from functools import partial
from typing import Self

from pydantic import BaseModel

from sources.collections.config import SourceConfig
from sources.collections.source import CollectionSource
from sources.oai.collection import OaiCollection, OaiSelection, Politeness
from sources.urls import NotCrawlable, normalise

FREE_LICENSES = ("*//creativecommons.org/publicdomain/*", "*//creativecommons.org/licenses/by/*",
                 "*//creativecommons.org/licenses/by-sa/*")  # fmt: skip


class OaiConfig(SourceConfig):
    """A repository and its records; names are those of the settings' keys."""

    endpoint: str
    prefix: str = "oai_dc"
    sets: tuple[str, ...] = ()
    since: str | None = None
    relist: bool = False
    full_text: str | None = None
    full_text_licenses: tuple[str, ...] = FREE_LICENSES
    delay_s: float = 0.0
    retries: int = 3
    obey_robots: bool = True

    @classmethod
    def of(cls, section: BaseModel, crawl: object) -> Self:
        """Build it from an entry of the settings, with the politeness of the crawl."""
        polite = {key: getattr(crawl, key) for key in ("delay_s", "retries", "obey_robots")}
        return super().of(section, crawl).model_copy(update=polite)


def configured(crawl: object, section: BaseModel) -> CollectionSource:
    """Build the source from an entry of `[[crawl.sources]]`."""
    config = OaiConfig.of(section, crawl)
    return CollectionSource(config, partial(_find, config))


def _find(config: OaiConfig) -> list[OaiCollection]:
    endpoint = normalise(config.endpoint)
    if endpoint is None or "?" in endpoint:
        raise NotCrawlable(f"crawl.sources.endpoint: {config.endpoint!r} is not the http(s) base url of a repository")
    polite = Politeness(config.retries, config.delay_s, config.obey_robots)
    shared = config.since, config.relist, config.full_text, config.full_text_licenses
    return [
        OaiCollection(OaiSelection(endpoint, config.prefix, name, *shared), polite) for name in config.sets or (None,)
    ]
