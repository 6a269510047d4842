"""Reads the items that an answer lists, whatever separates them: lines, bullets, semicolons, commas, `and`.

Names hold commas and `and` too (`Paris, Texas`; `Simon and Garfunkel`), so that a piece which is a wanted item as a
whole is never cut, and pieces that make a wanted item together are joined again.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flows.domains.spelling import plain, spelled

MAX_CHARS = 100_000
"""Characters beyond which an answer is refused unread."""
MOST_ATOMS = 8
"""Pieces that may make one item together."""
MARKER = re.compile(r"^\s*(?:[-*+•‣·]\s+|\(?\d{1,4}[.)]\s+|\|\s*)")
SEPARATORS = (
    re.compile(r"\s*[\r\n]+\s*"),
    re.compile(r"\s*[;；|]\s*"),  # noqa: RUF001
    re.compile(r"\s*[、，]\s*|\s*,(?!\d{3}(?!\d))\s*(?:(?:and|or)\s+)?"),  # noqa: RUF001
    re.compile(r"\s+(?:and|&|plus|as well as)\s+"),
)
"""Separators of items, strongest first; a comma before three digits belongs to a number."""
ASIDE = re.compile(r"\s*\([^()]*\)\s*$")
HEADING = re.compile(r"^([^:;,\r\n]{1,80}):\s+")
NOTHING = frozenset(("none", "nothing", "no", "empty", "empty set", "no items", "no pages", "no such page", "0", "∅"))


@dataclass(frozen=True)
class Listed:
    """The wanted items that an answer lists, by their places in the truth, and the number of its other pieces."""

    found: frozenset[int]
    others: int


def read_list(answer: str, items: Sequence[Sequence[str]]) -> Listed:
    """The items of an answer; `items` are the wanted ones, each a list of accepted spellings."""
    names = {spelled(name): place for place, accepted in enumerate(items) for name in accepted}
    pieces = _of_json(answer)
    if pieces is None:
        pieces = _lines(_without_heading(plain(answer), names))
    found, others = set[int](), set[str]()
    for piece in pieces:
        for place, text in _read(piece, names, 1):
            if place is None:
                others.add(text)
            else:
                found.add(place)
    if not found and others <= NOTHING:
        others.clear()
    return Listed(frozenset(found), len(others))


def _of_json(answer: str) -> list[str] | None:
    text = answer.strip().removeprefix("```json").strip("`\n ")
    if not text.startswith("["):
        return None
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return [str(one) for one in read]


def _lines(answer: str) -> list[str]:
    return [plain(MARKER.sub("", line)) for line in SEPARATORS[0].split(answer) if line.strip()]


def _without_heading(answer: str, names: Iterable[str]) -> str:
    """The answer without a first line or words that end with a colon, such as `The pages are:`."""
    heading = HEADING.match(answer)
    if not heading or any(f"{name} ".startswith(f"{spelled(heading[1])} ") for name in names):
        return answer
    return answer[heading.end() :]


def _read(piece: str, names: Mapping[str, int], level: int) -> Iterator[tuple[int | None, str]]:
    """The wanted items of a piece, or what it says instead; `level` is the strongest separator that may cut it."""
    name = spelled(piece)
    short = spelled(ASIDE.sub("", piece))
    if not name or name in names or short in names:
        yield from [(names.get(name, names.get(short)), name)] if name else []
        return
    while level < len(SEPARATORS):
        cuts = [match.span() for match in SEPARATORS[level].finditer(piece)]
        level += 1
        if cuts:
            yield from _joined(piece, cuts, names, level)
            return
    yield None, name


def _joined(
    piece: str, cuts: Sequence[tuple[int, int]], names: Mapping[str, int], level: int
) -> Iterator[tuple[int | None, str]]:
    """The atoms between the cuts; the longest run of them that is a wanted item counts as that item."""
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(piece)]
    longest, at = max(map(len, names), default=0) * 2 + 20, 0
    while at < len(starts):
        run = _run(piece, starts[at], [end for end in ends[at : at + MOST_ATOMS] if end - starts[at] <= longest], names)
        if run:
            n, place, text = run
            yield place, text
            at += n
        else:
            yield from _read(piece[starts[at] : ends[at]].strip(), names, level)
            at += 1


def _run(piece: str, start: int, ends: Sequence[int], names: Mapping[str, int]) -> tuple[int, int, str] | None:
    """Atoms, place and text of the longest wanted item that begins at `start`; None if none does."""
    first = spelled(piece[start : ends[0]]) if ends else ""
    if not any(name.startswith(first) for name in names):
        return None
    for n in range(len(ends), 0, -1):
        text = spelled(piece[start : ends[n - 1]])
        if text in names:
            return n, names[text], text
    return None
