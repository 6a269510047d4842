"""Reads the layout of a page's Markdown: headings, list items, table rows and paragraphs, in reading order.

Code in fences is left out. A table or list ends where another kind of line begins; blank lines do not end a list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sources.index.passage_splitter import blocks

HEADING = re.compile(r"(#{1,6})\s+(.*\S)\s*")
ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+(.*\S)\s*")
ROW = re.compile(r"\s*\|.*\|\s*")
RULE = re.compile(r"[\s|:-]*-[\s|:-]*")
FENCE = re.compile(r"\s*(?:> ?)*(`{3,}|~{3,})([^`]*)")
CELLS = re.compile(r"(?<!\\)\|")
MARKUP = re.compile(r"[\[\]*`|\\<>]")
MARKER = re.compile(r"^\s*(?:#{1,6}|[-+•:]|\d{1,3}[.)])\s+")
LINK = re.compile(r"\[((?:\\.|`[^`\n]*`|[^\[\]\\\n])*)\]\(([^()\s]+)[^()\n]*\)")


@dataclass(frozen=True)
class Line:
    """A heading (`level` > 0), list item, table row or paragraph, with the heading that it is under."""

    kind: str
    """heading, item, row or prose."""
    section: str | None
    text: str
    """Plain text; of a row the raw line."""
    level: int = 0
    """Of a heading from 1; of an item the depth of its list, 0 for the outermost."""
    block: int = 0
    """Number of the list or table on the page, from 1; 0 for others."""
    link: str | None = None
    """Target of the first link."""
    anchor: str | None = None
    """Words of the first link."""


def lines_of(markdown: str) -> Iterator[Line]:
    """The lines of a page; the lines of a paragraph are joined."""
    section, n_blocks, open_kind, fence = None, 0, "", ""
    prose: list[str] = []
    for raw in [*markdown.splitlines(), ""]:
        kind = "fence" if fence or FENCE.fullmatch(raw) else _kind(raw)
        fence = _fence(raw, fence)
        if kind == "prose":
            prose.append(raw.strip())
            open_kind = kind
            continue
        if prose:
            yield _with_link("prose", section, " ".join(prose))
            prose = []
        if kind in {"item", "row"}:
            n_blocks += open_kind != kind
            yield _in_block(kind, section, raw, n_blocks)
        elif found := HEADING.fullmatch(raw) if kind == "heading" else None:
            section = plain(found[2])
            yield Line("heading", section, section, len(found[1]))
        open_kind = open_kind if kind == "blank" else kind


def cells_of(row: str) -> list[str] | None:
    """The raw cells of a row's line; None for the rule below a header."""
    if RULE.fullmatch(row):
        return None
    return [cell.strip().replace("\\|", "|") for cell in CELLS.split(row.strip())[1:-1]]


def plain(markdown: str) -> str:
    """A text of one line without its markup."""
    if not MARKUP.search(markdown):
        return " ".join(MARKER.sub("", markdown).split())
    return " ".join(block.text for block in blocks(markdown.replace("|", " ")))


def first_link(markdown: str) -> tuple[str | None, str | None]:
    """Target and words of the first link; (None, None) without one."""
    found = LINK.search(markdown) if "](" in markdown else None
    return (found[2].split("#")[0] or None, plain(found[1])) if found else (None, None)


def _fence(raw: str, fence: str) -> str:
    """The mark of the fence that is open after a line; only the same mark alone closes it."""
    found = FENCE.fullmatch(raw)
    if fence:
        return "" if found and found[1].startswith(fence) and not found[2].strip() else fence
    return found[1] if found else ""


def _kind(raw: str) -> str:
    if not raw.strip():
        return "blank"
    if HEADING.fullmatch(raw):
        return "heading"
    if ROW.fullmatch(raw):
        return "row"
    return "item" if ITEM.fullmatch(raw) else "prose"


def _in_block(kind: str, section: str | None, raw: str, block: int) -> Line:
    if kind == "row":
        return Line(kind, section, raw.strip(), block=block)
    depth = (len(raw) - len(raw.lstrip())) // 2
    return _with_link(kind, section, raw, depth, block)


def _with_link(kind: str, section: str | None, raw: str, level: int = 0, block: int = 0) -> Line:
    link, anchor = first_link(raw)
    return Line(kind, section, plain(raw), level, block, link, anchor)
