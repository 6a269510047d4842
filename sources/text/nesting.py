"""Makes hostile HTML harmless for the parser, whose time grows with the square of nesting depth and attribute count.

Browsers stop nesting at some depth, too. The tags that are nested more deeply are left out; their text stays.
"""

import re

MAX_DEPTH = 1_000
"""Elements nested more deeply are opened no more."""
MAX_ATTRIBUTES_CHARS = 32_768
MAX_ATTRIBUTES = 500
"""A tag with more attributes than this, in more characters than that, loses all of them."""

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)[^>]*>?")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
_LONG_TAG = re.compile(rf"<([A-Za-z][^\s/<>]*)([^<>]{{{MAX_ATTRIBUTES_CHARS},}})>?")
_CHUNKS = 32


def harmless(html: str) -> str:
    """The page without tags that are nested too deeply and without attributes in absurd numbers; mostly unchanged."""
    if max(map(len, html.split("<"))) > MAX_ATTRIBUTES_CHARS:
        html = _LONG_TAG.sub(_without_attributes, html)
    return _shallow(html) if _may_be_deep(html) else html


def _without_attributes(tag: re.Match[str]) -> str:
    return f"<{tag[1]}>" if len(tag[2].split(None, MAX_ATTRIBUTES)) > MAX_ATTRIBUTES else tag[0]


def _may_be_deep(html: str) -> bool:
    """True if more tags are open at some place than may be nested; counts tags only, so that it takes no time."""
    step = max(1, len(html) // _CHUNKS + 1)
    n_open = most = 0
    for start in range(0, len(html), step):
        end = start + step
        n_open += html.count("<", start, end) - 2 * html.count("</", start, end)
        most = max(most, n_open + html.count("</", start, end))
    return most > MAX_DEPTH


def _shallow(html: str) -> str:
    depth = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal depth
        if tag[2].lower() in _VOID or tag[0].endswith("/>"):
            return tag[0]
        if tag[1]:
            depth -= 1
            return tag[0] if depth < MAX_DEPTH else " "
        depth += 1
        return tag[0] if depth <= MAX_DEPTH else " "

    return _TAG.sub(kept, html)
