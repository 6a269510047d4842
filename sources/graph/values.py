"""Finds numbers with units, dates, and the words that name them, in a line of plain text.

A number counts only if its notation has one reading: digits with an optional decimal point and thousands in groups of
three. Versions such as 3.10, ranges, ordinals and parts of names are refused, with the reason.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import regex

from sources.graph.months import MONTHS
from sources.index.scripts import UNSPACED_LETTER

UNSPACED = UNSPACED_LETTER.pattern
MONTH = "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True))
DATE = regex.compile(
    rf"""(?:\b(?P<iso>\d{{4}}-\d\d-\d\d)\b
    |\b(?P<day>\d{{1,2}})\.?\ (?:de\ )?(?P<month>{MONTH})\.?\ (?:de\ )?(?P<year>[12]\d{{3}})\b
    |\b(?P<month>{MONTH})\.?\ (?P<day>\d{{1,2}}),\ (?P<year>[12]\d{{3}})\b
    |(?<!\d)(?P<year>[12]\d{{3}})\s?[年년]\s?(?P<month>\d{{1,2}})\s?[月월]\s?(?P<day>\d{{1,2}})\s?[日号일])(?![-\d])""",
    regex.IGNORECASE | regex.VERBOSE,
)
YEAR = regex.compile(
    r"""\b(?:in|since|of|from|until|by|year|jahre?|seit|en|depuis|desde|año|nel|dal|anno|ano|sinds|عام|سنة|العام)\s+
    (?P<year>1[0-9]\d\d|20\d\d)\b(?![.,]\d|[-\u2013/:%])
    |(?<![\d.,:/-])(?P<year>1[0-9]\d\d|20\d\d)(?:\s?[年년]|\s+(?:году?|года|році|року|roku|г\.))""",
    regex.IGNORECASE | regex.VERBOSE,
)
UNITS = (
    r"%|°C|°F|K|[kMGT]?B|[KMGT]iB|bytes?|bits?|[kMG]?Hz|[mkc]?m²|km2|hectares?|ha|[mckµn]?m|miles?|feet|ft|[mkµn]?g|"
    r"tonnes?|[mk]?[lL]|litres?|ms|seconds?|minutes?|hours?|days?|weeks?|months?|years?|[kM]?J|kJ/mol|[kMG]?W|[mk]?V|m/s|"
    r"km/h|USD|EUR|GBP|平方公里|平方米|公里|千米|厘米|毫米|米|公斤|千克|公顷|吨|小时|分钟|人|岁|年|天|元|キロ|メートル|円|"
    r"킬로미터|미터|명|원|км²|км|метр(?:а|ов)?|м|см|мм|кг|тонн[аы]?|лет|года?|человека?|километр(?:а|ов)?|"
    r"كيلومترا?|كم|مترا?|سنة|نسمة|شخصا?"
)
NUMBER = regex.compile(
    rf"(?:(?<={UNSPACED})|(?<![\w.,:/\-\u2013+=#$(\[\"']))"
    rf"(?P<number>[-\u2212]?(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?)(?:\s?(?P<unit>{UNITS})(?:(?<={UNSPACED})|(?![\w/²])))?"
    rf"(?:(?={UNSPACED})|(?![\w\-\u2013/:=%]|[.,]\d))"
)
VERSION = re.compile(
    r"\b(?:version|release|python|v|rfc|pep|section|chapter|page|figure|table|no\.|isbn|issue)\s*$", re.I
)
DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
FOUR_DIGITS = re.compile(r"\d{4}")
LABEL = regex.compile(r"(?:(?<![\w\p{M}.°-])[^\W\d_][\w\p{M}\u2019'-]*\s+){1,3}$")
LABEL_UNSPACED = regex.compile(rf"{UNSPACED}{{2,8}}$")
"""The letters before a number in a script without spaces, without a mark between."""
LONGEST_LABEL = 60
PLAIN_DIGITS = {code: str(unicodedata.decimal(chr(code))) for first in
                (0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0xFF10) for code in range(first, first + 10)} | {
                0x66B: ".", 0x66C: ","}  # fmt: skip
"""Digits and separators of other scripts -> those of ASCII, each in one character's place."""


@dataclass(frozen=True)
class Value:
    """A number or date of a text, with the words right before it."""

    kind: str
    """number or date."""
    label: str
    """Up to three words right before it, in lower case; empty at the start of a part of a sentence."""
    text: str
    value: float
    """The number, or the year of the date."""
    unit: str | None = None
    n_digits: int = 1
    """Runs of digits that it is written with."""


def values_of(text: str) -> list[Value]:
    """Dates, then numbers, of one line; digits that are part of a date are no number."""
    if not DIGITS.search(text):
        return []
    text = text if text.isascii() else text.translate(PLAIN_DIGITS)
    dates = list(_dates(text)) if FOUR_DIGITS.search(text) else []
    taken = [span for span, _ in dates]
    return [one for _, one in dates if one] + [
        Value("number", label_before(text, found.start()), found[0], number(found["number"]), found["unit"])
        for found in NUMBER.finditer(text)
        if not _inside(found.start(), taken) and not VERSION.search(text[max(0, found.start() - 12) : found.start()])
    ]


def _dates(text: str) -> Iterator[tuple[tuple[int, int], Value | None]]:
    """The span and value of each date and of each year after a preposition; None for a day that does not exist."""
    taken = list[tuple[int, int]]()
    for found in DATE.finditer(text):
        taken.append(found.span())
        day, n_digits = _date(found), len(DIGITS.findall(found[0].replace("-", " ")))
        label = label_before(text, found.start())
        known = Value("date", label, day.isoformat(), float(day.year), n_digits=n_digits) if day else None
        yield found.span(), known
    for found in YEAR.finditer(text):
        if not _inside(found.start("year"), taken):
            label = label_before(text, found.start("year"))
            yield found.span("year"), Value("date", label, found["year"], float(found["year"]))


def number(notation: str) -> float:
    """The value of digits with commas between thousands and a decimal point."""
    return float(notation.replace(",", "").replace("\u2212", "-"))


def whole_value(text: str) -> tuple[float, str | None] | None:
    """Value and unit of a text that is one number; None for another text."""
    found = NUMBER.fullmatch(text.strip().translate(PLAIN_DIGITS))
    return (number(found["number"]), found["unit"]) if found else None


def n_notations(text: str) -> int:
    """The runs of digits of a text; those that are no value are versions, ranges, ordinals or parts of names."""
    return len(DIGITS.findall(text))


def label_before(text: str, at: int) -> str:
    """The words that occur right before a place, with nothing but blanks between, in lower case.

    In a script without spaces, up to eight letters.
    """
    before = text[max(0, at - LONGEST_LABEL) : at]
    found = LABEL.search(before) or LABEL_UNSPACED.search(before)
    return " ".join(found[0].lower().split()) if found else ""


def _inside(place: int, spans: list[tuple[int, int]]) -> bool:
    return any(start <= place < end for start, end in spans)


def _date(found: "regex.Match[str]") -> date | None:
    try:
        if found["iso"]:
            return date.fromisoformat(found["iso"])
        month = found["month"].lower()
        number = int(month) if month.isdigit() else MONTHS[month]
        return date(int(found["year"]), number, int(found["day"]))
    except ValueError:
        return None
