"""Computes facts of pages again from their texts, in another way than the lake's facts were read.

A question is refused if both ways differ: then a careful reader could come to another answer, too.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import regex

from flows.domains.search.sets.graph import Attribute, Listed, Page
from flows.domains.search.sets.naming import folded
from sources.index.scripts import UNSPACED_LETTER

FENCED = re.compile(r"^ {0,3}(`{3,}|~{3,})[^`\n]*$.*?(?:^ {0,3}\1[`~]*[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
PAIRED = re.compile(r"^[^\n]*```.*?```[^\n]*$", re.MULTILINE | re.DOTALL)
"""Code as a reader sees it who pairs the marks wherever they are on a line."""
TARGET = re.compile(r"\]\([^()\s]*[^()\n]*\)")
BULLET = re.compile(r"(?:[-*+•]|\d{1,3}[.)])\s+(\S.*)")
MARKS = re.compile(r"[*`]")
HAN = regex.compile(r"\p{Han}+")
BEFORE, AFTER = regex.compile(r"(?<![\w\p{M}])(?<!\w['\u2019])"), regex.compile(r"(?![\w\p{M}])(?!['\u2019]\w)")
"""Places at which a whole word begins and ends: a pattern for each word would take longer to compile than to search."""
NUMBER = r"[-\u2212]?\d[\d,]*(?:\.\d+)?"


def value_of(attribute: Attribute, page: Page) -> float:
    """The attribute of a page, from its text. Raises LookupError if the text does not give one value."""
    text = page.text
    if attribute.kind == "headings":
        return _headings(page)
    words = r"\W+".join(map(re.escape, re.findall(r"\w+", attribute.label)))
    if attribute.kind == "phrase":
        return float(len(re.findall(rf"(?<![^\W_]){words}(?![^\W_])", text, re.IGNORECASE)))
    plain = MARKS.sub("", TARGET.sub("", text)).replace("[", "").replace("]", "")
    between = r"\s*(?::|\uff1a|\|)\s*" if attribute.kind == "pair" else r"\s+(?:\d{1,2} \w+ |\w+ \d{1,2}, )?"
    start = r"^\W*" if attribute.kind == "pair" else r"\b"
    if attribute.kind == "date" and UNSPACED_LETTER.search(attribute.label):
        between, start = r"\s*", ""
    found = re.findall(rf"{start}{words}{between}({NUMBER})", plain, re.IGNORECASE | re.MULTILINE)
    if len(found) != 1:
        raise LookupError(f"{page.url} states {attribute.label!r} {len(found)} times")
    return float(found[0].replace(",", "").replace("\u2212", "-"))


def _headings(page: Page) -> float:
    """The second-level headings outside code. Raises LookupError where readers may pair marks of code differently."""
    counts = {sum(line.startswith("## ") for line in code.sub("", page.text).split("\n")) for code in (FENCED, PAIRED)}
    if len(counts) > 1:
        raise LookupError(f"{page.url} has marks of code that can be paired in several ways")
    return float(counts.pop())


def members_of(one: Listed, pages: Iterable[Page]) -> list[Page]:
    """The pages, of those given, that the outermost items under the list's heading name, from the text of its page.

    Every link of an item names a page, unless the list goes by first links.
    """
    links = links_under(one.hub, one.heading)
    if one.first_links:
        firsts = {some[0] for some in links if some}
        return [page for page in pages if page.url in firsts]
    named = {link for some in links for link in some}
    for item in _items(one.hub, one.heading):
        first = re.search(r"\[([^\]]*)\]\(", item)
        named |= {folded(bare(item)), folded(first[1])} if first else {folded(bare(item))}
    return [page for page in pages if page != one.hub and named & {page.url, folded(page.name), folded(page.title)}]


def links_under(hub: Page, heading: str) -> list[list[str]]:
    """The targets of the links of each outermost item under a heading. Raises LookupError."""
    return [re.findall(r"\]\(([^()\s#]+)", item) for item in _items(hub, heading)]


def _items(hub: Page, heading: str) -> list[str]:
    """The outermost items under a heading that occurs once. Raises LookupError."""
    return [item[1] for line in _under(hub.text, heading).split("\n") if (item := BULLET.match(line))]


def has_words(words: Sequence[str], page: Page) -> bool:
    """True if each of the words is in the page's text, link targets aside; `aren` is no word of `aren't`."""
    if not all(word in page.lower for word in words):
        return False
    if not all(_whole(word, page.lower) for word in words):
        return False  # most pages end here, before the text without link targets is made
    text = TARGET.sub("]", page.lower)
    return all(_whole(word, text) for word in words)


def _whole(word: str, text: str) -> bool:
    """True if the word is in the text with no letter, mark or apostrophe of a longer word beside it.

    Chinese characters stand beside each other without spaces, so that theirs is a word wherever it is.
    """
    if HAN.fullmatch(word):
        return word in text
    at = text.find(word)
    while at >= 0 and not (BEFORE.match(text, at) and AFTER.match(text, at + len(word))):
        at = text.find(word, at + 1)
    return at >= 0


def rows_of(page: Page, heading: str) -> list[Mapping[str, str]]:
    """The rows of the table under a heading of a page, by header."""
    lines = [line.strip() for line in _under(page.text, heading).split("\n") if line.strip().startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if set(line) - set("|-: ")]
    headers = rows[0] if rows else []
    return [dict(zip(headers, row, strict=False)) for row in rows[1:]]


def bare(cell: str) -> str:
    """A cell without links and marks."""
    return MARKS.sub("", TARGET.sub("", cell).replace("[", "").replace("]", "")).strip()


def _under(text: str, heading: str) -> str:
    """The text between a heading and the next one. Raises LookupError if it does not occur once on the page."""
    found = _sections(text).get(folded(heading), [])
    if len(found) != 1:
        raise LookupError(f"the heading {heading!r} stands {len(found)} times")
    return found[0]


@lru_cache(maxsize=8)
def _sections(text: str) -> Mapping[str, list[str]]:
    """The texts below each heading of a page, by its folded words; lists of one page are read one after another."""
    parts = re.split(r"^#{1,6}\s+(.*)$", FENCED.sub("", text), flags=re.MULTILINE)
    found: dict[str, list[str]] = {}
    for at in range(1, len(parts), 2):
        found.setdefault(folded(bare(parts[at])), []).append(parts[at + 1])
    return found
