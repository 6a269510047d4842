"""Reads all facts of one page: what it is called, its sections, list items, table cells, pairs, numbers, dates, names.

Rules alone decide, so that the same text always gives the same facts. A page gives at most MOST facts of a kind; facts
of the kind `refused` count what is left out, so that nothing vanishes without a reason.
"""

import re
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from typing import NamedTuple

import regex

from sources.graph.layout import Line, cells_of, first_link, lines_of, plain
from sources.graph.titles import names_of
from sources.graph.values import n_notations, values_of, whole_value
from sources.index.scripts import WORD, word_count

MOST = 600
"""Facts of one kind that a page gives."""
LONGEST_TEXT = 400
PAIR = regex.compile(r"([^\W\d_][\w\p{M} ()/'-]{1,38}?)\s*(?::\s+|\uff1a\s*)(\S.{0,120})")
_CAPITALISED = r"\p{Lu}[\w\p{M}\u2019'-]+"
NAME = regex.compile(rf"(?<![.!?] )(?<!^)\b{_CAPITALISED}(?: (?:of |the |de |la )?{_CAPITALISED}){{0,3}}")
QUOTED_NAME = regex.compile(r"《([^《》]{2,30})》|「([^「」]{2,30})」|『([^『』]{2,30})』")
"""Names as scripts without capital letters write them."""
CODE = re.compile(r"`([A-Za-z_][\w.]{2,60})(?:\(\))?`")


class Found(NamedTuple):
    """A fact; its fields are those of `schemas.document.Fact`."""

    kind: str
    text: str
    section: str | None = None
    block: int | None = None
    row: int | None = None
    position: int = 0
    label: str | None = None
    value: float | None = None
    unit: str | None = None
    link: str | None = None


def page_facts(title: str | None, markdown: str) -> list[Found]:
    """The facts of a page in reading order, those of the kind `page` first: one with its title, always."""
    words = word_count(" ".join(WORD.findall(markdown)))
    facts = [Found("page", title or "", value=float(words))]
    facts += [Found("alias", name, position=at) for at, name in enumerate(names_of(title or ""), 1)]
    kept, left_out = _limited(_facts(markdown))
    refused = (Found("refused", reason, label=reason, value=float(n)) for reason, n in sorted(left_out.items()))
    return [*facts, *kept, *refused]


def _limited(found: Iterable[Found]) -> tuple[list[Found], Counter[str]]:
    counts, left_out, kept = Counter[str](), Counter[str](), list[Found]()
    for one in found:
        if one.kind == "refused":
            left_out[one.text] += int(one.value or 0)
        elif counts[one.kind] >= MOST:
            left_out[f"too_many_{one.kind}"] += 1
        else:
            counts[one.kind] += 1
            kept.append(one._replace(position=one.position or counts[one.kind], text=one.text[:LONGEST_TEXT]))
    return kept, left_out


def _facts(markdown: str) -> Iterator[Found]:
    header, block, place = list[str](), 0, 0
    names = dict[str, str]()
    for line in lines_of(markdown):
        if line.kind == "row" and cells_of(line.text) is None:
            continue
        block, place = line.block, place + 1 if line.block == block else 1
        if line.kind == "row":
            header = yield from _row(line, header if place > 1 else [], place)
            continue
        for name in (*NAME.findall(line.text), *_quoted(line.text)):
            names.setdefault(name.lower(), name)
        if line.kind == "heading":
            yield Found("section", line.text, line.section, value=float(line.level))
        else:
            yield from _text(line, place)
    for name in (*dict.fromkeys(CODE.findall(markdown)), *names.values()):
        yield Found("name", name)


def _quoted(text: str) -> list[str]:
    return [] if text.isascii() else ["".join(groups) for groups in QUOTED_NAME.findall(text)]


def _text(line: Line, place: int) -> Iterator[Found]:
    if line.kind == "item":
        yield Found(
            "item", line.text, line.section, line.block, None, place, line.anchor, float(line.level), link=line.link
        )
    if pair := PAIR.fullmatch(line.text):
        yield _valued("pair", pair[2], line.section, pair[1], first_link(line.text)[0])
    values = values_of(line.text)
    for one in values:
        yield Found(one.kind, one.text, line.section, label=one.label, value=one.value, unit=one.unit)
    if (refused := n_notations(line.text) - sum(one.n_digits for one in values)) > 0:
        yield Found("refused", "number_notation", value=float(refused))


def _row(line: Line, header: list[str], place: int) -> Generator[Found, None, list[str]]:
    """Yields the cells of a row below the header, and returns the header: the first row of a table."""
    cells = cells_of(line.text) or []
    texts = [plain(cell) for cell in cells]
    if len(texts) == 2 and texts[0] and texts[1]:
        yield _valued("pair", texts[1], line.section, texts[0].rstrip(": "), first_link(cells[1])[0])
    if not header:
        return texts or header
    if len(texts) != len(header):
        yield Found("refused", "ragged_row", value=1.0)
        return header
    for at, (name, text, raw) in enumerate(zip(header, texts, cells, strict=True), 1):
        if not name:
            continue  # a table whose rows have the headings; its rows of two cells are pairs
        known = whole_value(text)
        value, unit = known or (None, None)
        link = first_link(raw)[0]
        yield Found("cell", text, line.section, line.block, place - 1, at, name, value, unit, link)
    return header


def _valued(kind: str, text: str, section: str | None, label: str, link: str | None) -> Found:
    value, unit = whole_value(text) or (None, None)
    return Found(kind, text, section, label=label.strip(), value=value, unit=unit, link=link)
