"""Records how values of the tested code compare in rewritten tests, without knowing which comparison is the right one.

The examiner outside holds the key. Nothing here decides a test, so code that takes over this process still has to
guess the key. A point is one place in a test; its bits are one character per comparison.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_seen: dict[str, set[str]] = {}
_ALTERED = object()


class Lineup:
    """Values of which one, unknown here, is expected."""

    def __init__(self, name: str, *options: Any) -> None:
        self.name, self.options = name, options


def start() -> None:
    """Forget the points of the test before."""
    _seen.clear()


def taken() -> dict[str, list[str]]:
    """Bits by point, each different string once."""
    return {point: sorted(bits) for point, bits in _seen.items()}


def _record(point: str, bits: Sequence[bool]) -> None:
    _seen.setdefault(point, set()).add("".join("1" if one else "0" for one in bits))


def _equal(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except Exception:
        return False


def choose(point: str, value: Any, lineup: Lineup, reverse: bool = False) -> None:
    """Compare a value with all options. Raises AssertionError if it equals none."""
    bits = [_equal(one, value) if reverse else _equal(value, one) for one in lineup.options]
    _record(f"{point}:{lineup.name}", bits)
    if True not in bits:
        raise AssertionError("the value is not one of those expected")


def identical(point: str, value: Any, lineup: Lineup) -> None:
    """Compare the identity of a value with all options. Raises AssertionError if it is none."""
    bits = [value is one for one in lineup.options]
    _record(f"{point}:{lineup.name}", bits)
    if True not in bits:
        raise AssertionError("the value is not one of those expected")


def same(point: str, value: Any, other: Any) -> None:
    """Compare two computed values, and the first with something else. Raises AssertionError if they differ."""
    equal = bool(value == other)
    _record(point, [equal, _equal(value, _altered(other)), _equal(value, _ALTERED)])
    if not equal:
        raise AssertionError(f"{value!r} is not {other!r}")


def _altered(value: Any) -> Any:
    if isinstance(value, str):
        return value + "\0?"
    if type(value) in (int, float, complex):
        return value + 1
    if type(value) in (list, tuple):
        return type(value)([*value, _ALTERED])
    return _ALTERED


def truth(point: str, value: Any, wanted: bool) -> None:
    """Record a truth value. Raises AssertionError if it is not the wanted one."""
    found = bool(value)
    _record(point, [found])
    if found is not wanted:
        raise AssertionError("the condition does not hold")


class Raised:
    """The exception that a block raised, under the names that unittest and pytest use."""

    exception: Any = None
    options: tuple[Any, ...] = ()

    @property
    def value(self) -> Any:
        """The exception."""
        return self.exception

    @property
    def type(self) -> Any:
        """The class of the exception."""
        return type(self.exception)

    @property
    def tb(self) -> Any:
        """The traceback."""
        return self.exception.__traceback__

    @property
    def typename(self) -> str:
        """The name of the class."""
        return type(self.exception).__name__

    def exconly(self, tryshort: bool = False) -> str:
        """Class and text."""
        return f"{self.typename}: {self.exception}"

    def match(self, pattern: Any) -> bool:
        """True if the text matches. Raises AssertionError if not."""
        if not re.search(pattern, str(self.exception)):
            raise AssertionError("the text of the exception does not match")
        return True

    def __str__(self) -> str:
        return repr(self.exception)


@contextmanager
def raises(point: str, lineup: Lineup, match: Any = None, **_: Any) -> Iterator[Raised]:
    """Record which of the classes the block raised. Raises AssertionError if it raised none."""
    info = Raised()
    try:
        yield info
    except BaseException as error:
        info.exception = error
        fits = match is None or bool(re.search(match, str(error)))
        bits = [fits and isinstance(error, one) for one in lineup.options]
        _record(f"{point}:{lineup.name}", bits)
        if True not in bits:
            raise
    else:
        raise AssertionError("the block raised nothing")


def raises_in(point: str, lineup: Lineup, function: Callable[..., Any], *args: Any, **named: Any) -> Raised:
    """Call a function and record which of the classes it raised. Raises AssertionError if it raised none."""
    with raises(point, lineup) as info:
        function(*args, **named)
    return info
