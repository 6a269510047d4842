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
_BLOCKS = ("div", "ul", "ol", "dl", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "hr", "section")
_ENDED_BY = {
    **dict.fromkeys(("p", *_BLOCKS), ("p",)), "li": ("p", "li"), "dt": ("p", "dd", "dt"), "dd": ("p", "dd", "dt"),
    "td": ("p", "td", "th"), "th": ("p", "td", "th"), "tr": ("p", "td", "th", "tr"),
    "tbody": ("p", "td", "th", "tr", "tbody", "thead"), "option": ("option",), "a": ("a",),
}  # fmt: skip
"""tag → the open elements right around it that end where it begins, innermost first"""
_END_TAG_OPTIONAL = frozenset(("p", "li", "dt", "dd", "td", "th", "tr", "tbody", "thead", "tfoot", "option"))
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
    depth = _Depth()

    def kept(tag: re.Match[str]) -> str:
        name = tag[2].lower()
        if name in _VOID or tag[0].endswith("/>"):
            return tag[0]
        inside = depth.closed(name) if tag[1] else depth.opened(name)
        return tag[0] if inside else " "

    return _TAG.sub(kept, html)


class _Depth:
    """The elements that are open at a place of the page. Those whose end tag may be left out end as in a browser."""

    def __init__(self) -> None:
        self._open: list[str] = []
        self._deeper = 0
        """tags that were left out and are not closed yet"""

    def opened(self, name: str) -> bool:
        """Enter a tag; False where it is nested too deeply."""
        if self._deeper:
            self._deeper += name not in _END_TAG_OPTIONAL
            return False
        for ended in _ENDED_BY.get(name, ()):
            if self._open and self._open[-1] == ended:
                self._open.pop()
        if len(self._open) >= MAX_DEPTH:
            self._deeper = int(name not in _END_TAG_OPTIONAL)
            return False
        self._open.append(name)
        return True

    def closed(self, name: str) -> bool:
        """Leave a tag; False for the end of one that was left out."""
        if self._deeper:
            self._deeper -= name not in _END_TAG_OPTIONAL
            return False
        if name in self._open:
            while self._open[-1] != name and self._open[-1] in _END_TAG_OPTIONAL:
                self._open.pop()
            del self._open[len(self._open) - 1 - self._open[::-1].index(name)]
        return True
