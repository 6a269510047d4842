"""Lists, quotations, definitions and tables: elements whose content is written into a frame of its own."""

from collections.abc import Callable
from dataclasses import replace

from selectolax.lexbor import LexborNode

from sources.text.markdown import tables
from sources.text.markdown.frame import MAX_INDENTED, ONE_LINE, Block, Frame, prefixed
from sources.text.markdown.page import Leave, Page
from sources.text.markdown.tables import Cell, Table

_UNQUOTED = frozenset(("code", "table", "formula"))
_HEADING_LEVELS = range(1, 7)


def _list(page: Page, node: LexborNode) -> Leave:
    start = node.attributes.get("start") or ""
    page.lists.append((int(start) if start.isdecimal() else 1) if node.tag == "ol" else None)
    parent = node.parent
    in_list = parent is not None and parent.tag in ("ul", "ol", "menu")
    leave_frame = page.open("item", lambda inner: _end_item(page, inner, "  "), indents=True) if in_list else None
    page.end_paragraph()

    def leave() -> None:
        page.end_paragraph()
        page.lists.pop()
        if leave_frame is not None:
            leave_frame()

    return leave


def _item(page: Page, node: LexborNode) -> Leave:
    marker = _marker(page, node)
    return page.open("item", lambda inner: _end_item(page, inner, marker), indents=True)


def _marker(page: Page, node: LexborNode) -> str:
    number = page.lists[-1] if page.lists else None
    if number is None:
        return "- "
    value = node.attributes.get("value") or ""
    number = int(value) if value.isdecimal() else number
    page.lists[-1] = number + 1
    return f"{number}. "


def _end_item(page: Page, item: Frame, marker: str) -> None:
    """Add an item; one with headings is a section of the page, and a footnote has a label of its own."""
    if any(block.kind == "heading" for block in item.blocks):
        page.frame.blocks += item.blocks
    elif text := item.text():
        indent = " " * len(marker) if item.depth <= MAX_INDENTED else ""
        is_note = text.startswith("[^")
        page.frame.add(prefixed(text, "" if is_note else marker, indent), "item")


def _quotation(page: Page, _node: LexborNode) -> Leave:
    def finish(quote: Frame) -> None:
        if quote.depth > MAX_INDENTED or all(block.kind in _UNQUOTED for block in quote.blocks):
            page.frame.blocks += quote.blocks  # a quotation of nothing but code is an indentation of the layout
        else:
            page.frame.add(prefixed(quote.text(), "> ", "> "), "quote")

    return page.open("quote", finish, indents=True)


def _term(page: Page, _node: LexborNode) -> Leave:
    def finish(term: Frame) -> None:
        if words := term.one_line("\n"):
            page.frame.add(words, "term")

    return page.open("term", finish)


def _definition(page: Page, _node: LexborNode) -> Leave:
    """A definition begins with a colon; its further blocks are not indented, as they may be whole chapters."""

    def finish(definition: Frame) -> None:
        blocks = definition.blocks
        if blocks and blocks[0].kind == "paragraph" and not blocks[0].text.startswith("[^"):
            blocks[0] = Block(f": {blocks[0].text}", "definition")
        page.frame.blocks += blocks

    return page.open("definition", finish)


def _table(page: Page, node: LexborNode) -> Leave:
    return _open_table(page, is_data=page.frame.kind not in ONE_LINE and tables.is_data(node, page.reading.headings))


def _open_table(page: Page, *, is_data: bool) -> Leave:
    table = Table() if is_data else None
    page.end_paragraph()
    page.tables.append(table)

    def leave() -> None:
        page.tables.pop()
        page.end_paragraph()
        title, lines = table.lines() if table is not None else ("", "")
        if title:
            page.frame.add(title, "paragraph")
        if lines:
            page.frame.add(lines, "table")

    return leave


def _row(page: Page, node: LexborNode) -> Leave | None:
    table = page.tables[-1] if page.tables else None
    if table is None:
        page.end_paragraph()
        return page.end_paragraph
    table.rows.append([])
    if node.parent is not None and node.parent.tag == "thead":
        table.n_head = len(table.rows)
    return None


def _cell(page: Page, node: LexborNode) -> Leave:
    table = page.tables[-1] if page.tables else None
    if table is None or not table.rows:
        page.end_paragraph()
        return page.end_paragraph
    attributes = node.attributes
    columns, rows = tables.span(attributes.get("colspan")), tables.span(attributes.get("rowspan"))
    return _open_cell(page, table.rows[-1], Cell("", node.tag == "th", columns, rows))


def _open_cell(page: Page, row: list[Cell], cell: Cell) -> Leave:
    return page.open("cell", lambda inner: row.append(replace(cell, text=inner.one_line("<br>"))))


def grid_part(page: Page, node: LexborNode) -> Leave | None:
    """Enter a table, row or cell that is written without the tag of one."""
    part = page.reading.grids[node.mem_id]
    if part == "table":
        return _open_table(page, is_data=page.frame.kind not in ONE_LINE)
    table = page.tables[-1] if page.tables else None
    if table is None:
        return _block(page, node)
    if part.startswith(("row", "first")):
        table.rows.append([])
    if part == "row" or not table.rows:
        return None
    return _open_cell(page, table.rows[-1], Cell("", part.endswith("header")))


def _link(page: Page, node: LexborNode) -> Leave | None:
    href = node.attributes.get("href")
    target = page.reading.resolve(href) if href and not page.n_plain else None
    return page.mark("link", target) if target else None


def _quoted_words(page: Page, _node: LexborNode) -> Leave:
    page.frame.raw("“")
    return lambda: page.frame.raw("”")


def _label(page: Page, _node: LexborNode) -> Leave:
    """Write a blank behind the name of a tab, which only a style sheet parts from the next."""
    return lambda: page.frame.raw(" ")


def _by_level(level: int) -> Callable[[Page, LexborNode], Leave | None]:
    return lambda page, _node: page.heading(level)


def _by_mark(kind: str) -> Callable[[Page, LexborNode], Leave | None]:
    return lambda page, _node: page.mark(kind)


def _block(page: Page, _node: LexborNode) -> Leave:
    page.end_paragraph()
    return page.end_paragraph


_MARKS = {"strong": ("strong", "b"), "em": ("em", "i", "var", "cite", "dfn"), "del": ("del", "s", "strike"),
          "code": ("code", "tt", "kbd", "samp"), "sub": ("sub",), "sup": ("sup",)}  # fmt: skip
_BLOCKS = (
    "p", "div", "section", "article", "main", "header", "footer", "aside", "nav", "figure", "figcaption", "address",
    "form", "details", "summary", "center", "fieldset", "legend", "dl", "caption", "hgroup", "search", "dialog", "pre",
)  # fmt: skip
ENTER: dict[str, Callable[[Page, LexborNode], Leave | None]] = {
    **dict.fromkeys(_BLOCKS, _block),
    **{tag: _by_mark(kind) for kind, tags in _MARKS.items() for tag in tags},
    **{f"h{level}": _by_level(level) for level in _HEADING_LEVELS},
    **dict.fromkeys(("ul", "ol", "menu", "dir"), _list),
    **{
        "a": _link,
        "label": _label,
        "q": _quoted_words,
        "li": _item,
        "blockquote": _quotation,
        "dt": _term,
        "dd": _definition,
    },
    **{"table": _table, "tr": _row, "td": _cell, "th": _cell},
}
"""tag → how the element is entered; an element that is not named here is part of its paragraph"""
