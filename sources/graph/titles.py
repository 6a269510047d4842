"""The names that a page's title gives it: the parts of the title that not all titles of its site share.

`asyncio — Asynchronous I/O — Python 3.11 documentation` names its page `asyncio` and `Asynchronous I/O`.
"""

import re

from sources.index.scripts import lowercase_words

SEPARATORS = re.compile(r"\s+[\u2014\u2013|\u00b7\u00bb:]\s+|\s+-\s+|\s*:\s+|\s*[\uff1a\uff5c]\s*|\s*\u2014{2}\s*")
NUMBERED = re.compile(r"^\d+(?:\.\d+)*\.?\s+")
MIN_CHARS = 3


def title_parts(title: str) -> list[str]:
    """The parts of a title between separators, without chapter numbers, as written."""
    parts = (NUMBERED.sub("", part).strip() for part in SEPARATORS.split(title))
    return [part for part in dict.fromkeys(parts) if len(lowercase_words(part)) >= MIN_CHARS]


def names_of(title: str) -> list[str]:
    """The names that a title may give its page, in lower-case words; each may be shared with other pages."""
    return list(dict.fromkeys(lowercase_words(part) for part in title_parts(title)))
