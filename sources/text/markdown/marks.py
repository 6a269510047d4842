"""Inline Markdown: emphasis, code spans, links, images, and the escapes that keep text from being read as markup.

Subscript and superscript stay the HTML elements `<sub>` and `<sup>`, which GitHub's Markdown shows as such: any other
notation is read by some programs only, and without a mark 10<sup>6</sup> would read 106.
"""

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from sources.text.markdown.delimiters import held

_BACKTICKS = re.compile("`+")
_LITERAL_LINK = re.compile(r"\[(?=[^\[\]\n]*\]\()")
_LITERAL_TAG = re.compile(r"<(?=[A-Za-z/!?][^<>]*(?:>|$)|$)")
"""the start of an element, whose name or end may be in the next piece of the text"""
_LITERAL_ENTITY = re.compile(r"&(?=#?\w{1,31};)")
_BRACKETS = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)|(?<!\\)[\[\]](?!\^)")
"""a code span, whose brackets are plain characters, or a bracket outside of code"""
_LINE_START = re.compile(r"^(?=#{1,6}\s|```|~~~)", re.MULTILINE)
_TARGET = str.maketrans({"(": "%28", ")": "%29", " ": "%20", "<": "%3C", ">": "%3E", "\n": "%0A"})

SURROUNDED = {"strong": ("**", "**"), "em": ("*", "*"), "del": ("~~", "~~"), "sub": ("<sub>", "</sub>"),
              "sup": ("<sup>", "</sup>")}  # fmt: skip
UNMARKED = {"strong": re.compile(r"(\s*)\*\*([^*]+)\*\*"), "em": re.compile(r"(\s*)\*([^*]+)\*"),
            "code": re.compile(r"(\s*)`([^`]+)`"), "del": re.compile(r"(\s*)~~([^~]+)~~")}  # fmt: skip
"""How the whole text of a mark looks; the groups are the white space before it and what is inside."""
IN_CODE = {"sub": "_", "sup": "^"}
"""How a subscript or superscript is written inside a code span, where HTML would be shown as text."""


@dataclass(slots=True, eq=False)
class Mark:
    """An inline element that is open: what kind it is, and the place of its first piece in the paragraph."""

    kind: str
    start: int
    target: str = ""
    """of a link: the absolute url"""

    def wrap(self, inner: str) -> str:
        """The Markdown of the element; white space at its ends goes outside, and an empty element vanishes."""
        core = inner.strip()
        if not core:
            return inner
        if len(core) == len(inner):
            return self._marked(core)
        head = inner[: len(inner) - len(inner.lstrip())]
        return head + self._marked(core) + inner[len(inner.rstrip()) :]

    def _marked(self, core: str) -> str:
        if self.kind == "code":
            return code_span(core)
        if self.kind == "link":
            return link(core, self.target)
        if self.kind == "em" and "*" in core.replace("**", ""):
            return core
        left, right = SURROUNDED[self.kind]
        return left + core + right


def code_span(code: str) -> str:
    """A code span, whose fence is longer than any run of backticks inside."""
    longest = max(map(len, _BACKTICKS.findall(code)), default=0)
    pad = " " if code.startswith("`") or code.endswith("`") else ""
    fence = "`" * (longest + 1)
    return f"{fence}{pad}{code}{pad}{fence}"


def link(words: str, target: str) -> str:
    """A link; brackets in its words are escaped, and line breaks become spaces."""
    inner = " ".join(words.split())
    if "[" in inner or "]" in inner:
        inner = _BRACKETS.sub(lambda found: found[0] if found[1] else f"\\{found[0]}", inner)
    return f"[{inner}]({_written(target)})"


@lru_cache(4_096)
def _written(target: str) -> str:
    """An address as a link has it; those of a site's menus are on every page."""
    return target.translate(_TARGET)


def image(alt: str, target: str | None) -> str:
    """An image by its alternative text, as plain text where the image has no url."""
    return f"!{link(alt, target)}" if target else alt


def escaped(text: str) -> str:
    """Escape what would be read as a link, an element or an entity, though the page shows the characters.

    Stars and underscores are held until the paragraph ends. A lone backtick would pair with the fence of the next code
    span; a pair of them is code that its author left so.
    """
    if "*" in text or "_" in text:
        text = held(text)
    if "`" in text and any(n % 2 for n in Counter(_BACKTICKS.findall(text)).values()):
        text = text.replace("`", r"\`")
    if "](" in text:
        text = _LITERAL_LINK.sub(r"\[", text)
    if "<" in text:
        text = _LITERAL_TAG.sub(r"\\<", text)
    if "&" in text:
        text = _LITERAL_ENTITY.sub(r"\\&", text)
    return text


def escaped_line_starts(paragraph: str) -> str:
    """Escape what would be read as a heading or a fence at the start of a line."""
    return (
        _LINE_START.sub(r"\\", paragraph) if "#" in paragraph or "``" in paragraph or "~~~" in paragraph else paragraph
    )
