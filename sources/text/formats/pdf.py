"""Text of a PDF as Markdown: paragraphs, headings, links, and a marker at the start of each page.

Headings are the entries of the outline, and short lines in a larger font. Words that a line end divides are joined,
running headers and page numbers are dropped. pypdfium2 reads the file: README.md has the figures of other libraries.
"""

import ctypes
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pypdfium2
import pypdfium2.raw as pdfium

from sources.status_codes import Status
from sources.text.document_builder import ExtractedPage
from sources.text.formats.pdf_lines import HEADING_RATIO, Line, body_size, page_lines, without_running_lines
from sources.urls import normalise

MAX_PAGES = 3_000
MAX_LINKS = 2_000
MAX_HEADING_CHARS = 160
MAX_HEADING_LEVEL = 5
PARAGRAPH_GAP = 1.55
"""Distance of two lines, in font sizes, from which a new paragraph starts."""
_SENTENCE_END = re.compile(r"[.!?:;。！？।؟]['\"”’)\]]*$")
_LETTERS = re.compile(r"\w", re.UNICODE)
_BULLET = re.compile(r"^[•▪◦‣●○■–]\s*")


def extract_pdf(body: bytes, url: str) -> ExtractedPage:
    """Extract a PDF. Without text the status is the reason: encrypted, damaged, or pages that are images only."""
    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            return ExtractedPage(Status.ENCRYPTED, "the PDF can be read with a password only")
        return ExtractedPage(Status.DAMAGED, f"not a readable PDF: {error}")
    with document:
        return _extracted(document, url)


def _extracted(document: pypdfium2.PdfDocument, url: str) -> ExtractedPage:
    n_pages, failed, pages, links = len(document), 0, list[list[Line]](), dict[str, str]()
    for number in range(min(n_pages, MAX_PAGES)):
        try:
            page = document[number]
            pages.append(page_lines(page))
            links |= {target: "" for target in _targets(document, page) if len(links) < MAX_LINKS}
            page.close()
        except pypdfium2.PdfiumError:
            pages.append([])
            failed += 1
    if not any(_LETTERS.search(line.text) for lines in pages for line in lines):
        return ExtractedPage(Status.EXTRACTION_EMPTY, f"its {n_pages} pages hold no text: they may be scanned images")
    blocks = _Blocks(without_running_lines(pages), _outline(document))
    title = document.get_metadata_dict(skip_empty=True).get("Title", "").strip() or blocks.first_heading
    text = "\n\n".join(blocks.markdown(url))
    return ExtractedPage(Status.OK, _detail(n_pages, failed, pages), title or None, text, tuple(links.items()))


def _detail(n_pages: int, failed: int, pages: list[list[Line]]) -> str | None:
    empty = sum(not lines for lines in pages) - failed
    parts = [f"{failed} of {n_pages} pages are damaged"] if failed else []
    parts += [f"{empty} of {n_pages} pages hold no text"] if empty else []
    parts += [f"pages after the first {MAX_PAGES} were dropped"] if n_pages > MAX_PAGES else []
    return "; ".join(parts) or None


def _outline(document: pypdfium2.PdfDocument) -> dict[tuple[int, str], int]:
    """Return (page from 0, letters of a title) -> level from 1, of the bookmarks."""
    found = dict[tuple[int, str], int]()
    with suppress(pypdfium2.PdfiumError, ValueError, RecursionError):
        for mark in document.get_toc(max_depth=8):
            destination = mark.get_dest()
            place = destination.get_index() if destination is not None else None
            if place is not None:
                found[place, _letters(mark.get_title())] = min(mark.level + 1, MAX_HEADING_LEVEL)
    return found


def _letters(text: str) -> str:
    return "".join(_LETTERS.findall(text)).lower()


def _targets(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage) -> Iterator[str]:
    place, link = ctypes.c_int(0), pdfium.FPDF_LINK()
    while pdfium.FPDFLink_Enumerate(page, ctypes.byref(place), ctypes.byref(link)):
        action = pdfium.FPDFLink_GetAction(link)
        if not action or pdfium.FPDFAction_GetType(action) != pdfium.PDFACTION_URI:
            continue
        length = pdfium.FPDFAction_GetURIPath(document, action, None, 0)
        buffer = ctypes.create_string_buffer(length)
        pdfium.FPDFAction_GetURIPath(document, action, buffer, length)
        if target := normalise(buffer.value.decode("utf-8", "replace")):
            yield target


class _Blocks:
    def __init__(self, pages: list[list[Line]], outline: dict[tuple[int, str], int]) -> None:
        self._pages, self._outline = pages, outline
        self._body = body_size(line for lines in pages for line in lines)
        larger = {line.size for lines in pages for line in lines if self._is_large(line)}
        self._levels = {size: min(n + 1, MAX_HEADING_LEVEL) for n, size in enumerate(sorted(larger, reverse=True))}
        headings = (line.text for number, lines in enumerate(pages) for line in lines if self._level(number, line))
        self.first_heading = next(headings, "")

    def markdown(self, url: str) -> Iterator[str]:
        """Yield the blocks of the text; a paragraph that goes over a page end is one block."""
        open_block = list[Line]()
        for number, lines in enumerate(self._pages):
            level = 0
            marker = f"[Page {number + 1}]({url}#page={number + 1})"
            for line in lines:
                line_level = self._level(number, line)
                if open_block and not (line_level == level and self._goes_on(open_block[-1], line, line_level)):
                    yield _joined(open_block, level)
                    open_block = []
                if marker and not open_block:
                    yield marker
                    marker = ""
                level = line_level
                open_block.append(line)
            if open_block and (level or _SENTENCE_END.search(open_block[-1].text)):
                yield _joined(open_block, level)
                open_block = []
            if marker:
                yield marker
        if open_block:
            yield _joined(open_block, 0)

    def _is_large(self, line: Line) -> bool:
        return line.size > HEADING_RATIO * self._body and bool(_LETTERS.search(line.text))

    def _level(self, page: int, line: Line) -> int:
        """Return the level of a heading, 0 for other lines."""
        if level := self._outline.get((page, _letters(line.text))):
            return level
        short = len(line.text) <= MAX_HEADING_CHARS
        return self._levels.get(line.size, 0) if short and self._is_large(line) else 0

    def _goes_on(self, last: Line, line: Line, level: int) -> bool:
        if level:
            return last.size == line.size and 0 < last.top - line.top < 2 * line.size
        if last.hyphenated or last.text.endswith("-"):
            return True
        if _BULLET.match(line.text):
            return False
        gap = last.top - line.top
        if gap <= 0:  # a new column or page
            return not _SENTENCE_END.search(last.text)
        return gap < PARAGRAPH_GAP * max(line.size, 1.0)


def _joined(lines: list[Line], level: int) -> str:
    text = lines[0].text
    for last, line in pairwise(lines):
        divided = last.hyphenated or (last.text.endswith("-") and line.text[:1].islower())
        text = text.removesuffix("-") + line.text if divided else f"{text} {line.text}"
    if level:
        return f"{'#' * level} {text}"
    text = _BULLET.sub("- ", text)
    return f"\\{text}" if text.startswith("#") else text
