"""Tables that are written without `<table>`: by the roles of ARIA, or as the grid of newer versions of Javadoc.

Their cells are blocks that only a style sheet puts beside each other. Read as paragraphs, a method, its type and its
description are three lines of three hundred.
"""

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_TABLES = "div[role=table], section[role=table], div.summary-table, div.details-table"
_CELLS = "[role=cell], [role=columnheader], [role=rowheader], [class*=col-]"
_ROLES = {"row": "row", "cell": "cell", "columnheader": "header", "rowheader": "header"}
_COLUMN = re.compile(r"(?:^|\s)col-(first|\w+)")

MAX_GRIDS = 200
"""Tables of a page that are read so."""


def grids_of(tree: LexborHTMLParser, html: str) -> dict[int, str]:
    """The parts of such tables by `mem_id`: table, row, cell, header, and first, which is a cell that begins a row."""
    if "summary-table" not in html and "details-table" not in html and not re.search("role=[\"']?table", html):
        return {}
    parts = dict[int, str]()
    for table in tree.css(_TABLES)[:MAX_GRIDS]:
        found = {node.mem_id: part for node in table.css(f"[role=row], {_CELLS}") if (part := _part(node))}
        if {"first", "row"} & set(found.values()) and table.mem_id not in parts:
            parts |= {table.mem_id: "table"} | found
    return parts


def _part(node: LexborNode) -> str:
    attributes = node.attributes
    if role := _ROLES.get(attributes.get("role") or ""):
        return role
    name = attributes.get("class") or ""
    column = _COLUMN.search(name)
    if column is None or node.tag != "div":
        return ""
    if column[1] == "first":
        return "first header" if "table-header" in name else "first"
    return "header" if "table-header" in name else "cell"
