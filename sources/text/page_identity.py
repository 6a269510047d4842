"""Recognises one page at several addresses: a key that equal pages share, and a sketch that similar pages share partly.

Links differ between two addresses of one page (http and https, a session id, the link to itself), so that the key is
that of the text with its links reduced to paths.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from heapq import nsmallest
from urllib.parse import urlsplit
from zlib import crc32

from sources.url_forms import address_form, site_of

SKETCH_SIZE = 32
SKETCH_WORDS = 1_000
"""Words of a text that its sketch is made of."""
SKETCH_CHARS = 24_000
"""Characters of a text, addresses of links included, in which they are looked for."""
RUN = 3

_LINK = re.compile(r"(?<!!)\[([^\]\n]*)\]\((https?://[^\s()<>]+)\)")
_WORD = re.compile(r"\w+")


def page_key(text: str, url: str) -> str:
    """32 hex digits, equal for pages of one site whose texts differ at most in how links of that site are spelled."""
    site, own = site_of(url), address_form(url)

    def reduced(link: re.Match[str]) -> str:
        words, target = link.groups()
        if site_of(target) != site:
            return link[0]
        if address_form(target) == own:
            return words
        parts = urlsplit(target)
        return f"[{words}]({parts.path}?{parts.query})"

    return sha256(_LINK.sub(reduced, text).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def sketch(text: str) -> list[int]:
    """The smallest CRC-32 hashes of the runs of 3 words, sorted.

    The share of hashes that two sketches have in common estimates the share of runs that their texts have in common.
    """
    words = []
    for found in _WORD.finditer(_LINK.sub(r"\1", text[:SKETCH_CHARS])):
        words.append(found[0].lower())
        if len(words) == SKETCH_WORDS:
            break
    runs = {crc32(" ".join(words[start : start + RUN]).encode()) for start in range(max(1, len(words) - RUN + 1))}
    return nsmallest(SKETCH_SIZE, runs)


def shared(first: Sequence[int], second: Sequence[int]) -> float:
    """Return the share of the shorter sketch that the other one has, from 0 to 1; 0 for an empty sketch."""
    shorter = min(len(first), len(second))
    return len(set(first).intersection(second)) / shorter if shorter else 0.0
