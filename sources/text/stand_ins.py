"""Recognises pages in place of content: errors with code 200, consent walls, challenges, logins, empty shells.

They are short, and use the words of the usual servers, in many languages (`stand_ins.toml`). A long page is content,
whatever it mentions.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import re2
from selectolax.lexbor import LexborHTMLParser

from sources.status_codes import Status

MAX_FRAME_WORDS = 40
"""Words of a page that consists of a login form, or of a frame that its scripts fill."""

_TITLED_MAIN = "main h1, [role=main] h1, article h1, main h2, [role=main] h2"
"""Title of a page that is short but whole, as an index of one class is: scripts only add its search field."""


@dataclass(frozen=True)
class _Kind:
    status: Status
    max_words: int
    title: Any
    text: Any
    """compiled expressions, or None"""


def stand_in(tree: LexborHTMLParser, title: str | None, text: str) -> tuple[Status, str] | None:
    """Return (status, detail) if the page is no content but stands in for it, else None.

    `tree` is the page as the server sent it, `text` its words without markup.
    """
    words = " ".join(text.split())
    length = _length(words)
    for kind in _kinds():
        if length > kind.max_words:
            continue
        for where, pattern, shown in (("title", kind.title, title or ""), ("text", kind.text, words)):
            if pattern is not None and (found := pattern.search(shown.lower())):
                return kind.status, f"its {where} reads: {found[0]}"[:200]
    return _by_structure(tree) if length <= MAX_FRAME_WORDS else None


def _by_structure(tree: LexborHTMLParser) -> tuple[Status, str] | None:
    if tree.css_first("input[type=password i]") is not None:
        return Status.LOGIN_WALL, "the page is little but a form for a password"
    if tree.css_first(_TITLED_MAIN) is not None:
        return None
    notice = " ".join(node.text() for node in tree.css("noscript")).lower()
    if "javascript" in notice and "comments" not in notice and tree.css_first("script") is not None:
        return Status.JAVASCRIPT_SHELL, "the page has no content without JavaScript"
    return None


def _length(words: str) -> int:
    """Words of a text; of scripts without spaces, three characters are a word."""
    return max(words.count(" ") + 1, (len(words) - len(words.encode("ascii", "ignore"))) // 6)


@cache
def _kinds() -> tuple[_Kind, ...]:
    table = tomllib.loads(files("sources.text").joinpath("stand_ins.toml").read_text("utf-8"))
    return tuple(
        _Kind(Status(name), kind["max_words"], *(_either(kind.get(where, [])) for where in ("title", "text")))
        for name, kind in table.items()
    )


def _either(patterns: list[str]) -> Any:
    return re2.compile("|".join(f"(?:{one})" for one in patterns)) if patterns else None
