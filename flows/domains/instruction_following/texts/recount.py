"""Computes facts again, from a document's text as tools show it: line by line, with no code of `facts.py`."""

from collections.abc import Callable, Sequence
from typing import Any


def again(text: str, kind: str, arguments: Sequence[Any]) -> Any:
    """The fact of a kind in a text."""
    return RECOUNTS[kind](_parts(text), *arguments)


Parts = list[tuple[str, list[str]]]


def _parts(text: str) -> Parts:
    parts: Parts = []
    code = False
    for line in text.split("\n"):
        if line.lstrip().startswith(("```", "~~~")):
            code = not code
        if line.startswith("## ") and not code:
            parts.append((line[3:].strip(), []))
        elif parts:
            parts[-1][1].append(line)
    return parts


def _lines(parts: Parts, heading: str) -> list[str]:
    return next(lines for title, lines in parts if title == heading)


def _first_words(parts: Parts, heading: str, n: int) -> str:
    found: list[str] = []
    for line in _lines(parts, heading):
        found += line.split()
        if len(found) >= n:
            break
    return " ".join(found[:n])


def _mentions(parts: Parts, heading: str, word: str) -> int:
    text = " ".join(_lines(parts, heading)).lower()
    cleaned = "".join(sign if sign.isalnum() or sign == "_" else " " for sign in text)
    return cleaned.split().count(word.lower())


def _headings_between(parts: Parts, first: int, step: int, n: int) -> list[str]:
    places = range(first - 1, first - 1 + n * step, step)
    return [parts[place][0] for place in places if place < len(parts)]


def _items(parts: Parts, heading: str) -> list[str]:
    listed = [line for line in _lines(parts, heading) if line[:2] in {"- ", "* ", "+ "}]
    return [line[2:].strip() for line in listed]


def _table(parts: Parts, heading: str) -> list[list[str]]:
    rows = [line.strip()[1:-1].split("|") for line in _lines(parts, heading) if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows if any(set(cell) - set(" :-") for cell in row)]


def _measure(parts: Parts, heading: str, before: str, unit: str) -> float:
    for line in _lines(parts, heading):
        for tail in line.split(f"{before} ")[1:]:
            number, _, rest = tail.partition(" ")
            if rest.startswith(unit):
                return float(number)
    raise LookupError(before)


def _longest(parts: Parts) -> str:
    longest = ""
    for title, _ in parts:
        longest = title if len(title) > len(longest) else longest
    return longest


RECOUNTS: dict[str, Callable[..., Any]] = {
    "first_words": _first_words,
    "mentions": _mentions,
    "section_count": len,
    "headings_between": _headings_between,
    "items": _items,
    "table": _table,
    "measure": _measure,
    "longest_heading": _longest,
}
