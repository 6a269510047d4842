"""Finds the facts of a question's sentences and replaces each by a name, so that a model can change none of them.

A fact is a set of pages with its heading and page, an attribute, the limits of a condition, a direction such as
`greatest`, or a quoted name together with what it names. The templates of the sentences find them.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from flows.domains.search.sets.wording import templates

NAME = re.compile(r"\{([a-z]+\d+)\}")
QUOTED = "“[^”]*”"
LEAVES: Mapping[str, Sequence[str]] = {
    "set": ("set", "first_links"),
    "limits": ("between", "decade", "at_least", "at_most"),
    "attribute": ("headings", "phrase", "pair", "date"),
}
"""Kind of fact -> the templates that state it, longer ones before those that begin like them."""
NUMBER = r"(?:-?\d[\d.e+-]*\d|-?\d)"
NUMBERS = {"{low}", "{high}", "{decade}"}
BEFORE = {"page ": "page", "heading ": "heading", "under ": "heading"}
"""Words before a quoted name -> what it names; other names are those of columns."""


@dataclass(frozen=True)
class Sentence:
    """A sentence around the names of its facts; without facts it is the sentence itself."""

    plain: str
    pattern: str
    facts: Mapping[str, str]
    """Name, such as set1 -> its text."""


def named(sentences: Sequence[str]) -> list[Sentence]:
    """The sentences with their facts named; names are counted over all of them."""
    counts = Counter[str]()
    return [_named(one, counts) for one in sentences]


def filled(pattern: str, facts: Mapping[str, str]) -> str:
    """The pattern with the text of each fact in place of its name."""
    return NAME.sub(lambda name: facts[name[1]], pattern)


def names(pattern: str) -> list[str]:
    """The names of facts in a text, in order."""
    return NAME.findall(pattern)


def template(text: str) -> str:
    """A regular expression for what a template makes of any values."""
    parts = re.split(r"(“\{\w+\}”|\{\w+\})", text)
    return "".join(_slot(part) if at % 2 else re.escape(part) for at, part in enumerate(parts))


def _named(text: str, counts: Counter[str]) -> Sentence:
    facts: dict[str, str] = {}
    pieces, end = [], 0
    for kind, fact, start, stop in _found(text):
        counts[kind] += 1
        name = f"{kind}{counts[kind]}"
        facts[name] = fact
        pieces += [text[end:start], f"{{{name}}}"]
        end = stop
    return Sentence(text, "".join([*pieces, text[end:]]), facts)


def _found(text: str) -> Iterator[tuple[str, str, int, int]]:
    """(kind, text, start, end) of each fact, in order."""
    for match in _leaves().finditer(text):
        kind, fact, start = match.lastgroup or "", match[0], match.start()
        if kind == "quoted":
            kind, start = _role(text, start)
            fact = f"{kind} {fact}"
        yield kind, fact, start, match.end()


def _role(text: str, start: int) -> tuple[str, int]:
    """The kind of thing that a quoted name names, and where that kind, if it is written, begins."""
    for words, role in BEFORE.items():
        if text.endswith(words, 0, start):
            return role, start - len(words) if words.strip() == role else start
    return "column", start - len("column ") if text.endswith("column ", 0, start) else start


@cache
def _leaves() -> re.Pattern[str]:
    kinds = [f"(?P<{kind}>{'|'.join(_templates(of))})" for kind, of in LEAVES.items()]
    words = rf"(?P<words>{QUOTED}(?:, {QUOTED})* and {QUOTED}(?=[ ,;.]))"
    direction = r"(?P<direction>\b(?:greatest|highest|smallest|lowest)\b)"
    return re.compile("|".join([*kinds, words, direction, f"(?P<quoted>{QUOTED})"]))


def _templates(of: Sequence[str]) -> list[str]:
    return [template(text) for name in of for text in templates(name)]


def _slot(part: str) -> str:
    return QUOTED if part.startswith("“") else NUMBER if part in NUMBERS else ".*?"
