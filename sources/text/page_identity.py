"""Recognises one page at several addresses: a key that equal pages share, and a sketch that similar pages share partly.

Links differ between two addresses of one page (http and https, a session id, the link to itself), so that the key is
that of the text with its links reduced to paths.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate
from urllib.parse import urlsplit
from zlib import crc32

from sources.url_forms import address_form, site_of

SKETCH_SIZE = 32
SKETCH_WORDS = 1_000
"""Words of a text that its sketch is made of."""
SKETCH_CHARS = 24_000
"""Characters of a text, addresses of links included, in which they are looked for."""
BLOCK_CHARS = 4_000
"""Characters of whole lines that are read at a time, until enough words are found."""
RUN = 3
KEPT_FORMS = 4_096
"""Targets of links whose forms are kept: the pages of a site link to the same ones."""

_LINK = re.compile(r"\[(?<!!\[)([^\]\n]*)(?:\]\((https?://[^\s()<>]+)\))?")
"""A link, or a bracket and what follows it up to the next: read once, or a line of brackets takes quadratic time.

It begins with the bracket, for which a text is searched much faster than for what is not before one."""
_WORD = re.compile(r"\w+")


def page_key(text: str, url: str) -> str:
    """32 hex digits, equal for pages of one site whose texts differ at most in how links of that site are spelled."""
    site, own = site_of(url), address_form(url)

    def reduced(link: re.Match[str]) -> str:
        words, target = link.groups()
        if target is None:
            return link[0]
        of_site, form, path = _forms(target)
        if of_site != site:
            return link[0]
        return words if form == own else f"[{words}]({path})"

    return sha256(_LINK.sub(reduced, text).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@lru_cache(maxsize=KEPT_FORMS)
def _forms(target: str) -> tuple[str, str, str]:
    """Return site, address form, and path with query of a link's target."""
    parts = urlsplit(target)
    return site_of(target), address_form(target), f"{parts.path}?{parts.query}"


def sketch(text: str) -> list[int]:
    """The smallest CRC-32 hashes of the runs of 3 words, sorted.

    The share of hashes that two sketches have in common estimates the share of runs that their texts have in common.
    """
    return sorted(_run_hashes(" ".join(_first_words(text[:SKETCH_CHARS])).lower().encode()))[:SKETCH_SIZE]


def _first_words(text: str) -> list[str]:
    """The first SKETCH_WORDS words; neither a word nor a link reaches over the end of a line."""
    words, start = list[str](), 0
    while start < len(text) and len(words) < SKETCH_WORDS:
        end = text.find("\n", start + BLOCK_CHARS) + 1 or len(text)
        words += _WORD.findall(_LINK.sub(_label, text[start:end]))
        start = end
    return words[:SKETCH_WORDS]


def _label(link: re.Match[str]) -> str:
    return link[1] if link[2] else link[0]


def _run_hashes(words: bytes) -> set[int]:
    """Hash each run in place: to join the words of every run anew would take most of the time of a sketch."""
    starts = [0, *accumulate(len(word) + 1 for word in words.split(b" "))]
    ends = starts[RUN:] or starts[-1:]
    return {crc32(words[start : end - 1]) for start, end in zip(starts, ends, strict=False)}


def shared(first: Sequence[int], second: Sequence[int]) -> float:
    """Return the share of the shorter sketch that the other one has, from 0 to 1; 0 for an empty sketch."""
    shorter = min(len(first), len(second))
    return len(set(first).intersection(second)) / shorter if shorter else 0.0
