"""Reads the templates whose words are in their arguments: units, numbers, languages, quotations, infoboxes.

A dump does not hold what a template renders. Templates that only cite, mark or navigate are left out on purpose;
all others are counted, so that a page's row shows how much of it is missing.
"""

import re
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import mwparserfromhell
from mwparserfromhell.nodes import Template

Parts = Sequence[Any]
"""Pieces in their order: texts are HTML, all others are parsed wikitext."""

_NAMES = tomllib.loads(resources.files("sources.mediawiki").joinpath("templates.toml").read_text("utf-8"))
_SIGNS: dict[str, str] = _NAMES["signs"]
_SEE: dict[str, str] = _NAMES["see"]
_BETWEEN: dict[str, str] = _NAMES["between"]
_FIRST, _SECOND, _ALL = (frozenset(_NAMES["arguments"][key]) for key in ("first", "second", "all"))
_WITHOUT_TEXT = _NAMES["without_text"]
_INFOBOX = re.compile(r"(?:.*\b)?(?:infobox|taxobox|speciesbox|automatic taxobox|chembox|drugbox)\b")
_LAYOUT_KEY = re.compile(
    r"(?:image|img|logo|map|photo|alt|caption|width|height|style|class|colou?r|footnotes|pushpin|native_name_lang|"
    r"embed|module|child|nocat|ref\d*$|cite)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Infobox:
    """The rows of an infobox: labels, and wikitext of the values."""

    rows: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class WithoutText:
    """A template that adds no words to the text: a citation, a maintenance mark, a navigation box."""


def read_template(node: Template) -> Parts | Infobox | WithoutText | None:
    """Return what a template adds to the text; None if that cannot be read from its arguments."""
    name = " ".join(str(node.name).replace("_", " ").split()).lower()
    if _INFOBOX.match(name):
        return Infobox(tuple(_infobox_rows(node)))
    parts = _parts(name, node)
    if parts is None and _is_without_text(name):
        return WithoutText()
    return parts


def _parts(name: str, node: Template) -> Parts | None:
    values = _positional(node)
    if name in _SIGNS:
        return [_SIGNS[name], *values[:1]]
    if name in _RULES:
        return _RULES[name](node)
    if name in _SEE:
        return _see(_SEE[name], node)
    if name in _ALL:
        return [part for value in values if str(value).strip() for part in ("; ", value)][1:]
    if name in _SECOND:
        return values[1:2]
    return values[:1] if name in _FIRST or name.startswith("lang-") else None


def _is_without_text(name: str) -> bool:
    starts, ends = tuple(_WITHOUT_TEXT["starts"]), tuple(_WITHOUT_TEXT["ends"])
    return name in _WITHOUT_TEXT["names"] or name.startswith(starts) or name.endswith(ends)


def _positional(node: Template) -> list[Any]:
    return [param.value for param in node.params if not param.showkey]


def _words(node: Template) -> list[str]:
    return [str(value).strip() for value in _positional(node)]


def _named(node: Template, *names: str) -> str:
    return next((str(node.get(name).value).strip() for name in names if node.has(name)), "")


def _wikitext(text: str) -> Parts:
    return [mwparserfromhell.parse(text)]


def _convert(node: Template) -> Parts:
    """Return the value and its own unit; ranges keep their word (`5 to 10 km`). The converted value is left out."""
    text, *rest = _words(node) or [""]
    while len(rest) >= 2 and rest[0] in _BETWEEN:
        text, rest = text + _BETWEEN[rest[0]] + rest[1], rest[2:]
    return _wikitext(" ".join([text, *rest[:1]]))


def _val(node: Template) -> Parts:
    """Return the value with its uncertainty, power of ten and unit."""
    text, *rest = _words(node) or [""]
    if rest and rest[0]:
        text += f" &plusmn; {rest[0]}"
    if power := _named(node, "e"):
        text += f" &times; 10<sup>{power}</sup>"
    return _wikitext(f"{text} {_named(node, 'u', 'ul')}".strip())


def _fraction(node: Template) -> Parts:
    words = _words(node)
    whole = f"{words[0]} " if len(words) == 3 else ""
    return _wikitext(whole + "/".join(words[-2:] if len(words) > 1 else ["1", *words]))


def _see(label: str, node: Template) -> Parts:
    links = ", ".join(f"[[{title}]]" for title in _words(node) if title)
    return [f"<p>{label}: ", *_wikitext(links), "</p>"] if links else []


def _quote(node: Template) -> Parts:
    words = _positional(node)[:1] or _wikitext(_named(node, "text", "quote"))
    return ["<blockquote>", *words, "</blockquote>"]


def _date(node: Template) -> Parts:
    words = _words(node)
    numbers = [word for word in words if word.isdigit()][:3]
    return _wikitext("-".join(number.zfill(2) for number in numbers) if numbers else " ".join(words))


def _element(tag: str) -> Callable[[Template], Parts]:
    return lambda node: [f"<{tag}>", *_positional(node)[:1], f"</{tag}>"]


def _infobox_rows(node: Template) -> list[tuple[str, Any]]:
    rows = []
    for param in node.params:
        key = str(param.name).strip()
        if param.showkey and str(param.value).strip() and not _LAYOUT_KEY.match(key):
            rows.append((key.replace("_", " "), param.value))
    return rows


_RULES: dict[str, Callable[[Template], Parts]] = {
    **dict.fromkeys(("convert", "cvt"), _convert),
    "val": _val,
    **dict.fromkeys(("frac", "sfrac", "fraction"), _fraction),
    **dict.fromkeys(("quote", "blockquote", "cquote", "quotation", "quote box"), _quote),
    **dict.fromkeys(("start date", "end date", "birth date", "birth date and age", "death date", "release date",
                     "death date and age", "start date and age", "film date", "date", "dob", "dts"), _date),
    **{tag: _element(tag) for tag in ("sub", "sup", "code", "kbd")},
}  # fmt: skip
