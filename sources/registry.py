"""The list of all sources. To add a kind, write its folder and its settings, and add one line here."""

from collections.abc import Callable, Iterable, Mapping

from pydantic import BaseModel

from sources import feed, folder, git, mediawiki, oai, parquet, pydoc_site, warc, web, zim
from sources.protocol import Configure, Source

KINDS: Mapping[str, Callable[[object, BaseModel], Source]] = {
    "feed": feed.configured,
    "folder": folder.configured,
    "git": git.configured,
    "mediawiki": mediawiki.configured,
    "oai": oai.configured,
    "parquet": parquet.configured,
    "warc": warc.configured,
    "web": web.configured_section,
    "zim": zim.configured,
}
"""Kind of an entry of `[[crawl.sources]]` -> the function that builds its source."""


def sections(crawl: object) -> list[Source]:
    """Build the sources of `[[crawl.sources]]`, in their order."""
    return [KINDS[section.kind](crawl, section) for section in getattr(crawl, "sources", ())]


SOURCES: tuple[Configure, ...] = (folder.configured_folders, web.configured, sections)
"""In the order in which they are crawled."""


def configured_sources(crawl: object, sources: Iterable[Configure] = SOURCES) -> list[Source]:
    """Return the sources that the crawl settings name; the embedded site if they name none."""
    named = list[Source]()
    for configure in sources:
        found = configure(crawl)
        named += found if isinstance(found, list) else [found] if found is not None else []
    return named or [pydoc_site.configured(crawl)]
