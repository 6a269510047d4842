"""Turns source files and notebooks into pages: code in fenced blocks that name its language."""

import json
import re
from collections.abc import Mapping
from typing import Any

from sources.collections.collection import RawPage, Refused
from sources.git.file_kinds import code_language
from sources.git.licenses import declared_license
from sources.status_codes import Status
from sources.text.charset import Unreadable, decode
from sources.text.document_builder import ExtractedPage

_FENCE = re.compile(r"^ {0,3}(`{3,})", re.MULTILINE)


def code_page(path: str, body: bytes) -> ExtractedPage:
    """Return a source file as a page: its path as title and heading, its text in a fence that names the language."""
    try:
        decoded = decode(body, "text/plain")
    except Unreadable as error:
        return ExtractedPage(Status.BAD_ENCODING, str(error))
    code = decoded.text.replace("\r\n", "\n").rstrip()
    if not code.strip():
        return ExtractedPage(Status.EXTRACTION_EMPTY, "the file is blank", title=path)
    text = f"# {path}\n\n{_fenced(code, code_language(path))}"
    return ExtractedPage(Status.OK, decoded.detail, path, text, license=declared_license(code))


def notebook_page(body: bytes) -> RawPage:
    """Return a Jupyter notebook as Markdown: its texts and its code, without outputs. Raises Refused."""
    try:
        notebook = json.loads(body)
        info = notebook.get("metadata", {}).get("language_info", {})
        language = str(info.get("name", "python"))
        cells = [_cell(cell, language) for cell in notebook["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refused(Status.EXTRACTION_FAILED, f"not a Jupyter notebook: {error!r}"[:300]) from error
    return RawPage("\n\n".join(cell for cell in cells if cell).encode("utf-8", "replace"), "text/markdown")


def _cell(cell: Mapping[str, Any], language: str) -> str:
    source = cell.get("source", "")
    text = ("".join(source) if isinstance(source, list) else str(source)).strip()
    return _fenced(text, language) if text and cell.get("cell_type") == "code" else text


def _fenced(code: str, language: str) -> str:
    fence = "`" * (1 + max((len(run) for run in _FENCE.findall(code)), default=2))
    return f"{fence}{language}\n{code}\n{fence}"
