"""Searches texts beyond ASCII for an expression whose letters, and those of the text, are replaced by numbers on end.

`\\p{L}` is seven hundred ranges of UTF-8, and a long list has it two hundred times: to compile it for both directions
takes a third of a second, for the few texts of a process that may match. The letters that an expression names get
numbers on end, by kind, and all others of a kind share one: a class of letters is then a few ranges. What matches, and
where, stays the same.
"""

import re
from functools import cache, cached_property
from typing import Any

import re2

from flows.refine.gates.automata import LIKE_ASCII, compiled

OF_ASCII = tuple(letter.encode() for letter in LIKE_ASCII)
Found = tuple[int, bytes]
"""Offset of a match in the UTF-8 text, and its bytes."""
CLASSES = {"L": "a-zA-Z", "N": "0-9", "M": ""}
"""Unicode's classes of letters, numbers and marks, with their members in ASCII."""
KINDS = tuple(frozenset(kind) for kind in ("", "L", "N", "M", "LM"))
"""Kinds of letters: in none of the classes, in one, or in two, as a Greek iota, which also is a mark."""
FEW = 512
"""Texts that are searched with numbers, which takes a tenth of a millisecond longer each; later ones, as written."""
FIRST = 0x4E00
"""The first number: the 20,000 code points from it are neither upper nor lower case, and have three bytes each."""
IGNORES_CASE = re.compile(r"\(\?(is?|si)\)")
TWINS = {"\u1fd3": "\u0390", "\u1fe3": "\u03b0", "\ufb06": "\ufb05"}
"""Letters that are the same without regard to case, although neither has an upper case of one letter."""
UNNUMBERED = re.compile(r"\\p(?!\{[LNM]\})|\\[PCQ]|\\x[{89a-fA-F]|\(\?\w*-")
"""Parts of expressions that mean other classes, code points by number, or upper and lower case."""
PART = re.compile(r"\\p\{([LNM])\}|\\.|\[\^?\]?(?:\\p\{\w+\}|\\.|\[:\w+:\]|[^\]\\])*\]")
"""A class by name, an escape, or a class in brackets."""
NAMED = re.compile(r"\\p\{([LNM])\}|\\.")
RANGE = re.compile(r"[^\x00-\x7f]-[^\]]|[^\[^]-[^\x00-\x7f]")


class _Numbers(dict[int, int]):
    """Code point -> the same in ASCII, else the number of the letter, whatever its case, or of its kind."""

    def __init__(self, named: set[str]) -> None:
        super().__init__((code, code) for code in range(128))
        self._named: dict[str, int] = {}
        self._others: dict[frozenset[str], int] = {}
        self._ranges: dict[frozenset[str], str] = {}
        number = FIRST
        for kind in KINDS:
            letters = sorted(letter for letter in named if _kind(letter) == kind)
            self._named |= {letter: number + place for place, letter in enumerate(letters)}
            self._others[kind] = number + len(letters)
            self._ranges[kind] = f"{chr(number)}-{chr(self._others[kind])}"
            number = self._others[kind] + 1

    def __missing__(self, code: int) -> int:
        letter = folded(chr(code))
        self[code] = self._named[letter] if letter in self._named else self._others[_kind(letter)]
        return self[code]

    def members(self, name: str) -> str:
        """The members of a class, without its brackets."""
        return CLASSES[name] + "".join(self._ranges[kind] for kind in KINDS if name in kind)


class BeyondAscii:
    """One expression, for single texts that are not in ASCII."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._numbers = _numbers_of(expression)
        self._searched = 0

    @property
    def is_as_written(self) -> bool:
        """True if the expression distinguishes more kinds of letters than the numbers do."""
        return self._numbers is None

    def search(self, text: bytes) -> Found | None:
        """The first match."""
        self._searched += 1
        if self._numbers is None or self._searched > FEW or any(one in text for one in OF_ASCII):
            match = self._as_written.search(text)
            return (match.start(), match[0]) if match else None
        letters = text.decode()
        match = self._renumbered.search(letters.translate(self._numbers))
        if not match:
            return None
        return len(letters[: match.start()].encode()), letters[match.start() : match.end()].encode()

    @cached_property
    def _as_written(self) -> Any:
        return compiled(self._expression)

    @cached_property
    def _renumbered(self) -> Any:
        return compiled(_with_numbers(self._expression, self._numbers)) if self._numbers else self._as_written


def _numbers_of(expression: str) -> _Numbers | None:
    """The numbers of the letters of an expression; None if it distinguishes more kinds of letters."""
    ranges = any(RANGE.search(part[0]) for part in PART.finditer(expression) if part[0][0] == "[")
    if not IGNORES_CASE.match(expression) or UNNUMBERED.search(expression) or ranges:
        return None
    if not set(LIKE_ASCII).isdisjoint(expression):
        return None
    return _Numbers({folded(letter) for letter in expression if not letter.isascii()})


def _with_numbers(expression: str, numbers: _Numbers) -> str:
    def members(found: re.Match[str]) -> str:
        if found[0][0] == "[":
            return "[" + NAMED.sub(lambda part: numbers.members(part[1]) if part[1] else part[0], found[0][1:])
        return f"[{numbers.members(found[1])}]" if found[1] else found[0]

    return PART.sub(members, expression.translate(numbers))


def folded(letter: str) -> str:
    """The letter that represents it and its other cases."""
    letter = TWINS.get(letter, letter)
    return next((one for one in (letter.casefold(), letter.lower()) if len(one) == 1), letter)


@cache
def _kind(letter: str) -> frozenset[str]:
    """The classes of a letter, its other cases included."""
    return frozenset(name for name in CLASSES if _class(name).fullmatch(letter))


@cache
def _class(name: str) -> Any:
    return re2.compile(f"(?i)\\p{{{name}}}")
