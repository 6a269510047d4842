"""Makes hostile HTML harmless for the parser, whose time grows with the square of nesting depth and attribute count.

Browsers stop nesting at some depth, too. The tags that are nested more deeply are left out; their text stays.
"""

import re

MAX_DEPTH = 1_000
"""Elements nested more deeply are opened no more."""
MAX_ATTRIBUTES = 500
"""A tag loses the attributes after these."""

_TAG = re.compile(r"<(/?)([A-Za-z][^\s/>]*)[^>]*>?")
_OPENING = re.compile(r"<[A-Za-z][^\s/>]*")
_ATTRIBUTE = re.compile(r"""[\s/]*[^\s/>=][^\s/>=]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>]*))?""")
_LONG_TAG = re.compile(rf"<[A-Za-z][^<>]{{{4 * MAX_ATTRIBUTES}}}")
_VOID = frozenset(
    ("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr")
)
_USUAL_ATTRIBUTES = 20
_CHUNKS = 32


def harmless(html: str) -> str:
    """The page without tags that are nested too deeply and without attributes in absurd numbers; mostly unchanged."""
    if len(html) > MAX_ATTRIBUTES and _may_have_many_attributes(html):
        html = _with_few_attributes(html)
    return _shallow(html) if _may_be_deep(html) else html


def _may_have_many_attributes(html: str) -> bool:
    """True where values are many more than tags, or where a tag is longer than tags are."""
    if html.count("=") > MAX_ATTRIBUTES + _USUAL_ATTRIBUTES * html.count("<"):
        return True
    longest = max(map(len, html.split("<")))  # a tenth of the time that the pattern takes on every page
    return longest > 4 * MAX_ATTRIBUTES and _LONG_TAG.search(html) is not None


def _with_few_attributes(html: str) -> str:
    pieces, end = [], 0
    for opening in _OPENING.finditer(html):
        if opening.start() < end:
            continue  # inside a value of the tag before
        at, n = opening.end(), 0
        while (found := _ATTRIBUTE.match(html, at)) is not None:
            at, n = found.end(), n + 1
            if n == MAX_ATTRIBUTES:
                pieces.append(html[end:at])
                end = at
        if n > MAX_ATTRIBUTES:
            end = at
    return "".join([*pieces, html[end:]])


def _may_be_deep(html: str) -> bool:
    """True if more tags are open at some place than may be nested; counts tags only, so that it takes no time."""
    step = len(html) // _CHUNKS + 1
    n_open = most = 0
    for start in range(0, len(html), step):
        closing = html.count("</", start, start + step)
        n_open += html.count("<", start, start + step) - 2 * closing
        most = max(most, n_open + closing)
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
