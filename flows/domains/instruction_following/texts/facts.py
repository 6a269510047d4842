"""Facts of a document that a constraint can require, each computed from its sections.

`recount.py` computes the same facts from the text that tools show, with other code; a task whose facts differ is
refused.
"""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from flows.domains.instruction_following.texts.document import Document, Section

ITEM = re.compile(r"[-*+] +(?P<text>\S.*)")
ROW = re.compile(r"\|(?P<cells>.*)\|[ \t]*")
FEWEST_ITEMS, MOST_ITEMS = 3, 10
"""Items of a list that a constraint may use."""
RULE_ROW = re.compile(r"[\s|:-]+")


def section(document: Document, heading: str) -> Section:
    """The first section of a heading. Raises LookupError without one."""
    for one in document.sections:
        if one.heading == heading:
            return one
    raise LookupError(f"{document.name} has no section {heading!r}")


def first_words(document: Document, heading: str, n: int) -> str:
    """The first words of a section, with single spaces."""
    return " ".join(section(document, heading).body.split()[:n])


def mentions(document: Document, heading: str, word: str) -> int:
    """How often a section has a word, in any case, not as a part of a longer one."""
    return len(re.findall(rf"(?<!\w){re.escape(word)}(?!\w)", section(document, heading).body, re.IGNORECASE))


def section_count(document: Document) -> int:
    """The number of sections."""
    return len(document.sections)


def headings_between(document: Document, first: int, step: int, n: int) -> list[str]:
    """n headings from the one at a place, counted from 1, in steps."""
    return document.headings()[first - 1 :: step][:n]


def items(document: Document, heading: str) -> list[str]:
    """The items of a section's bullet list."""
    return [found["text"] for line in section(document, heading).body.splitlines() if (found := ITEM.fullmatch(line))]


def has_list(section: Section) -> bool:
    """True if a section has one list of a few different items in plain words."""
    lines = section.body.splitlines()
    found = [line[2:] for line in lines if line.startswith("- ")]
    marked = sum(bool(re.match(r"[ \t]*[-*+] ", line)) for line in lines)
    return (
        FEWEST_ITEMS <= len(found) == marked <= MOST_ITEMS
        and len({one.lower() for one in found}) == len(found)
        and all(not after or after[:2] == "- " for line, after in pairwise(lines) if line[:2] == "- ")
        and all(re.fullmatch(r"[A-Za-z0-9][\w .,'()-]{0,79}[\w)]", one) for one in found)
    )


def table(document: Document, heading: str) -> list[list[str]]:
    """The rows of a section's table, the row of column names first."""
    rows = [found["cells"] for line in section(document, heading).body.splitlines() if (found := ROW.fullmatch(line))]
    return [[cell.strip() for cell in row.split("|")] for row in rows if not RULE_ROW.fullmatch(row)]


def measure(document: Document, heading: str, before: str, unit: str) -> float:
    """The number between the words `before` and a unit in a section."""
    found = re.search(rf"{re.escape(before)} (\d+(?:\.\d+)?) {re.escape(unit)}", section(document, heading).body)
    if found is None:
        raise LookupError(f"{document.name} has no {before!r} in {heading!r}")
    return float(found[1])


def longest_heading(document: Document) -> str:
    """The heading with the most characters; the first of equal ones."""
    return max(document.headings(), key=len)


FACTS: dict[str, Callable[..., Any]] = {
    "first_words": first_words,
    "mentions": mentions,
    "section_count": section_count,
    "headings_between": headings_between,
    "items": items,
    "table": table,
    "measure": measure,
    "longest_heading": longest_heading,
}


def fact(document: Document, kind: str, arguments: Sequence[Any]) -> Any:
    """The fact of a kind."""
    return FACTS[kind](document, *arguments)
