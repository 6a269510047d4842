"""Lines of a PDF page with their places and font sizes, in the order in which the file draws them.

PDF has no paragraphs and no headings: a page is characters at places. Size and distance of its lines are what is left.
"""

import ctypes
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import pypdfium2
import pypdfium2.raw as pdfium

MIN_REPEATS = 3
"""Pages on which the same first or last line must stand to be a running header or footer."""
EDGE_LINES = 2
HEADING_RATIO = 1.12
"""A line whose font is larger than the body's by this factor is a heading, if it is short."""
_DIGITS = re.compile(r"\d+|\b[ivxlc]+\b")
_PAGE_NUMBER = re.compile(r"\W*#\W*")
_HYPHENS = re.compile("[\x02\ufffe\u00ad]")
"""Characters with which pdfium marks a word that a line end divides."""
_CONTROLS = re.compile("[\x00-\x1f\x7f\uffff]")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Line:
    """One line of text."""

    text: str
    size: float
    """font size in points, rounded to half a point"""
    left: float
    top: float
    """from the bottom of the page, in points"""
    hyphenated: bool = False
    """a word goes on in the next line"""


def page_lines(page: pypdfium2.PdfPage) -> list[Line]:
    """Return the lines of a page."""
    text_page = page.get_textpage()
    count = text_page.count_chars()
    buffer = (ctypes.c_ushort * (count + 1))()
    written = pdfium.FPDFText_GetText(text_page, 0, count, buffer) if count else 0
    text = bytes(buffer)[: 2 * max(0, written - 1)].decode("utf-16-le", "replace")
    lines, start = list[Line](), 0
    for piece in re.split(r"\r\n|\r|\n", text):
        if piece.strip():
            lines.append(_line(text_page, piece, pdfium.FPDFText_GetCharIndexFromTextIndex(text_page, start)))
        start += len(piece.encode("utf-16-le")) // 2 + 2
    return lines


def _line(text_page: pypdfium2.PdfTextPage, piece: str, index: int) -> Line:
    first = max(0, index) + len(piece) - len(piece.lstrip())
    middle = first + len(piece.strip()) // 2
    size = max(pdfium.FPDFText_GetFontSize(text_page, first), pdfium.FPDFText_GetFontSize(text_page, middle))
    left, bottom, _, top = _box(text_page, first)
    size = size if size > 1.5 else top - bottom  # some writers scale a font of one point
    hyphenated = bool(_HYPHENS.match(piece.rstrip()[-1:]))
    clean = _SPACE.sub(" ", _CONTROLS.sub(" ", _HYPHENS.sub("", piece))).strip()
    return Line(clean, round(2 * size) / 2, left, top, hyphenated)


def _box(text_page: pypdfium2.PdfTextPage, index: int) -> tuple[float, float, float, float]:
    try:
        left, bottom, right, top = text_page.get_charbox(index, loose=True)
    except (pypdfium2.PdfiumError, ValueError):
        return 0.0, 0.0, 0.0, 0.0
    return left, bottom, right, top


def without_running_lines(pages: list[list[Line]]) -> list[list[Line]]:
    """Drop headers, footers and page numbers: first and last lines that other pages repeat, numbers aside."""
    largest = HEADING_RATIO * body_size(line for lines in pages for line in lines)
    edges = [{_running(line) for line in _edge_lines(lines) if line.size <= largest} for lines in pages]
    counts = Counter(key for keys in edges for key in keys)
    repeated = {key for key, count in counts.items() if count >= MIN_REPEATS or _PAGE_NUMBER.fullmatch(key)}
    return [
        [line for line in lines if _running(line) not in repeated or line not in _edge_lines(lines)] for lines in pages
    ]


def _edge_lines(lines: list[Line]) -> list[Line]:
    by_place = sorted(lines, key=lambda line: line.top)
    return [*by_place[:EDGE_LINES], *by_place[-EDGE_LINES:]]


def _running(line: Line) -> str:
    return _DIGITS.sub("#", line.text.lower())


def body_size(lines: Iterable[Line]) -> float:
    """Return the font size of most characters; 0 without lines."""
    sizes = Counter[float]()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0
