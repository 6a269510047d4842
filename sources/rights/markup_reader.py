"""Reads what a page declares about itself: directives, canonical address, links not to follow, license, author.

It is read in the extraction's worker, from the tree as the server sent it. What applies to this crawler is decided
later (`declarations.py`), since headers, robots.txt and settings count, too.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from sources.rights.licenses import MAX_CHARS, known_license, license_name
from sources.rights.page_markup import PageMarkup
from sources.urls import normalise

NOT_FOLLOWED = frozenset({"nofollow", "ugc", "sponsored"})
"""Values of `rel` with which search engines do not follow a link."""
MAX_METAS = 500
MAX_JSON_CHARS = 200_000
MAX_LICENSES = 4
MEDIA = frozenset({"ImageObject", "VideoObject", "AudioObject", "MediaObject", "Photograph"})
"""Types of schema.org whose license is that of a picture or film, not of the text."""

_RIGHTS_METAS = (
    "dcterms.license", "dc.rights.license", "dcterms.rights", "dc.rights", "license", "rights", "copyright",
    "citation_license",
)  # fmt: skip
_AUTHOR_METAS = (
    "cc:attributionname", "dcterms.rightsholder", "dc.rightsholder", "author", "dcterms.creator", "dc.creator",
    "citation_author", "article:author", "dc.publisher", "copyright", "og:site_name", "application-name",
)  # fmt: skip
_CC_ADDRESS = re.compile(r"creativecommons\.org/(?:licenses|publicdomain)/", re.IGNORECASE)
_LICENSE_TERMS = ("license", "cc:license", "dct:license", "dcterms:license", "schema:license", "xhv:license")


def read_markup(tree: LexborHTMLParser, within: str) -> PageMarkup:
    """Read the declarations of a page; relative addresses are resolved against `within`."""
    metas = tuple(_metas(tree))
    linked = _linked_data(tree)
    written = _licenses(tree, metas, linked, within)
    return PageMarkup(
        metas=metas,
        canonical=_canonical(tree, within),
        nofollow_links=_nofollow(tree),
        licenses=tuple(dict.fromkeys(license_name(one) for one in written))[:MAX_LICENSES],
        license_url=next((one for one in written if one.startswith(("http:", "https:"))), None),
        attribution=_attribution(metas, linked),
    )


def _metas(tree: LexborHTMLParser) -> Iterator[tuple[str, str]]:
    for node in tree.css("meta[content]")[:MAX_METAS]:
        attributes = node.attributes
        name = attributes.get("name") or attributes.get("property") or attributes.get("http-equiv")
        if name:
            yield name.strip().lower(), attributes.get("content") or ""


def _canonical(tree: LexborHTMLParser, within: str) -> str | None:
    """The one canonical address; None if the page names several different ones, of which none can be believed."""
    named = (_href(node, within) for node in tree.css("link[rel~='canonical' i][href]"))
    targets = set(filter(None, named))
    return targets.pop() if len(targets) == 1 else None


def _nofollow(tree: LexborHTMLParser) -> frozenset[str]:
    if not any(NOT_FOLLOWED.intersection(_relations(node)) for node in tree.css("a[rel][href], area[rel][href]")):
        return frozenset()
    marked, plain = set[str](), set[str]()
    for node in tree.css("a[href], area[href]"):
        is_marked = NOT_FOLLOWED.intersection(_relations(node))
        (marked if is_marked else plain).add(node.attributes.get("href") or "")
    return frozenset(marked - plain)


def _relations(node: LexborNode) -> list[str]:
    return (node.attributes.get("rel") or "").lower().split()


def _licenses(tree: LexborHTMLParser, metas: Iterable[tuple[str, str]], linked: list[Any], within: str) -> list[str]:
    """The licenses of the first place that names any: the head, schema.org, links, meta elements, Creative Commons."""
    rights = {name: content for name, content in metas if name in _RIGHTS_METAS}
    terms = [(node, (node.attributes.get("property") or "").split()) for node in tree.css("[property]")]
    places: tuple[Iterable[str | None], ...] = (
        (_href(node, within) for node in tree.css("link[rel~='license' i][href]")),
        (text for one in linked for text in _texts(one.get("license"))),
        (_href(node, within) for node in tree.css("a[rel~='license' i][href]") if not _of_media(node)),
        (_item(node, within) for node in tree.css("[itemprop~='license']") if not _of_media(node)),
        (_item(node, within) for term in _LICENSE_TERMS[1:] for node, named in terms if term in named),
        (rights[name] for name in _RIGHTS_METAS if known_license(rights.get(name, ""))),
        (_href(node, within) for node in tree.css("a[href*='creativecommons.org/' i]") if _is_notice(node)),
        (rights[name] for name in _RIGHTS_METAS if name in rights),
    )
    for place in places:
        if found := [_absolute(text, within) for text in place if text and text.strip()]:
            return found
    return []


def _is_notice(node: LexborNode) -> bool:
    """True for a link to a license outside of the article's own text and pictures: in a footer, or as a badge."""
    if not _CC_ADDRESS.search(node.attributes.get("href") or "") or _of_media(node):
        return False
    above = node.parent
    while above is not None and above.tag != "body":
        words = f"{above.tag} {above.attributes.get('class') or ''} {above.attributes.get('id') or ''}".lower()
        if any(word in words for word in ("footer", "license", "licence", "copyright", "legal", "rights")):
            return True
        above = above.parent
    return node.css_first("img") is not None


def _of_media(node: LexborNode) -> bool:
    above: LexborNode | None = node
    while above is not None and above.tag != "body":
        kind = (above.attributes.get("itemtype") or "").rpartition("/")[2]
        if above.tag in ("figure", "figcaption") or kind in MEDIA:
            return True
        above = above.parent
    return False


def _item(node: LexborNode, within: str) -> str | None:
    for name in ("content", "href", "resource", "src"):
        if value := node.attributes.get(name):
            return _absolute(value, within)
    return " ".join(node.text().split())[:MAX_CHARS]


def _linked_data(tree: LexborHTMLParser) -> list[Any]:
    """The things that the page's JSON-LD describes at its top, pictures and films aside."""
    found: list[Any] = []
    for node in tree.css("script[type='application/ld+json']")[:20]:
        text = node.text()
        if len(text) <= MAX_JSON_CHARS:
            try:
                found.extend(_things(json.loads(text)))
            except (ValueError, RecursionError):
                continue
    return found


def _things(value: Any) -> Iterator[Any]:
    listed = value if isinstance(value, list) else [value]
    for one in listed:
        if isinstance(one, dict):
            kinds = one.get("@type")
            if not MEDIA.intersection(filter(lambda kind: isinstance(kind, str), _listed(kinds))):
                yield one
            for key in ("@graph", "mainEntity"):
                if isinstance(one.get(key), list | dict):
                    yield from _things(one[key])


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _texts(value: Any) -> Iterator[str]:
    """The addresses or names of a property: texts, or things with an address or a name."""
    for one in _listed(value):
        named = (one.get("@id") or one.get("url") or one.get("name")) if isinstance(one, dict) else one
        if isinstance(named, str):
            yield named


def _attribution(metas: Iterable[tuple[str, str]], linked: list[Any]) -> str | None:
    by_name: dict[str, str] = {}
    for name, content in metas:
        by_name.setdefault(name, content)
    named = [
        *(
            text
            for one in linked
            for key in ("creditText", "copyrightHolder", "author")
            for text in _names(one.get(key))
        ),
        *(by_name.get(name, "") for name in _AUTHOR_METAS),
    ]
    return next((line for text in named if (line := " ".join(text.split())[:MAX_CHARS])), None)


def _names(value: Any) -> Iterator[str]:
    for one in _listed(value):
        named = one.get("name") if isinstance(one, dict) else one
        if isinstance(named, str):
            yield named


def _href(node: LexborNode, within: str) -> str | None:
    return normalise(node.attributes.get("href") or "", within=within)


def _absolute(text: str, within: str) -> str:
    """An address in full; a name as written."""
    if text.startswith(("http:", "https:", "/", "./", "../")) and " " not in text.strip():
        return normalise(text, within=within) or text
    return text
