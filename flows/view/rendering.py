"""Turns templates into HTML. Text of pages and models is hostile: all of it is written as text, never as markup.

Every expression of a template is escaped, and characters without a glyph (control characters, changes of the reading
direction) are written by their number. This happens in one place, so no template can leave it out.
"""

import json
from collections.abc import Iterator
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from warehouse.console.terminal import visible

PIECES = 64
"""Pieces of a template that are sent together."""
SHORT_CHARS = 160


def rendered(name: str, **values: Any) -> str:
    """The page of a template."""
    return _PAGES.get_template(name).render(**values)


def streamed(name: str, **values: Any) -> Iterator[str]:
    """The page of a template in pieces, as its values are read."""
    stream = _PAGES.get_template(name).stream(**values)
    stream.enable_buffering(PIECES)
    return iter(stream)


def one_line(text: object, most: int = SHORT_CHARS) -> str:
    """The text in one line, cut to at most `most` characters."""
    line = " ".join(str(text or "").split())
    return line if len(line) <= most else f"{line[:most]} …"


def thousands(value: float | None) -> str:
    """A number with thousands separators; a dash for none."""
    return "-" if value is None else f"{value:,}"


def counted(number: float | None, noun: str) -> str:
    """A number with its noun: 1 call, 1,024 calls."""
    return f"{thousands(number)} {noun if number == 1 else f'{noun}s'}"


def probability(value: float) -> str:
    """A probability with three decimals, or that it is less than they can show."""
    return f"{value:.3f}" if value >= 0.0005 else "under 0.001"


def arguments_line(text: str) -> str:
    """Arguments of a call in one line: JSON without its white space, other text as it is."""
    try:
        return one_line(json.dumps(json.loads(text), ensure_ascii=False))
    except ValueError:
        return one_line(text)


def _written(value: Any) -> Any:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _environment() -> Environment:
    pages = Environment(
        loader=PackageLoader("flows.view", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_written,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= {
        "line": one_line,
        "thousands": thousands,
        "counted": counted,
        "arguments_line": arguments_line,
        "probability": probability,
    }
    return pages


_PAGES = _environment()
