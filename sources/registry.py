"""The list of all sources. To add a new source, write one folder and its settings, and add one line here."""

from collections.abc import Iterable

from sources import folder, pydoc_site, web
from sources.protocol import Configure, Source

SOURCES: tuple[Configure, ...] = (folder.configured, web.configured)
"""In the order in which they are crawled."""


def configured_sources(crawl: object, sources: Iterable[Configure] = SOURCES) -> list[Source]:
    """Return the sources that the crawl settings name; the embedded site if they name none."""
    named = [source for configure in sources if (source := configure(crawl)) is not None]
    return named or [pydoc_site.configured(crawl)]
