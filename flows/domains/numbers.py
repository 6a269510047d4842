"""Numbers as people and models write them, read as floats: thousands marks, powers of ten, fractions, words.

`1,234.5`, `1.234,5`, `1 234.5`, `3.42e5`, `3.42*10^5`, `3½`, `3/4`, `minus 2`, `1.2 million` and `twelve` are read.
One comma before exactly three digits marks thousands, one point is always decimal. Versions such as `1.2.3`, ordinals
and digits inside names are no numbers.
"""

import math
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.task import INVISIBLE, TYPOGRAPHY

SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
RAISED = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
SEPARATORS = str.maketrans({"٫": ".", "٬": ",", "⋅": "*", "·": "*", "∙": "*", "×": "*", "⁄": "/"})
RAISED_TO = r"(?:\^|\*\*)\s*[({]?\s*(?P<NAME>[+-]?\d{1,3})(?!\d)[)}]?"
NUMBER = re.compile(
    r"(?<![\w.])(?<![^\W\d_]-)(?:(?:(?<![\w)])(?P<sign>[-+])|(?P<minus>\bminus))\s*)?"
    r"(?:(?P<whole>\d++)\s+(?=\d++\s?/\s?\d))?(?<![\w.])(?:"
    rf"10\s*{RAISED_TO.replace('NAME', 'alone')}"
    r"|(?P<over>\d++)\s?/\s?(?P<under>\d++)(?![\d/]|\s?/\s?\d)"
    r"|(?P<digits>\d++(?:[.,'_]\d++|[ ](?=\d{3}(?!\d))\d{3})*+|\.\d++)"
    rf"(?:[eE](?P<exponent>[+-]?\d{{1,3}})(?!\w)|\s*[*xX]\s*10\s*{RAISED_TO.replace('NAME', 'power')})?+"
    r"(?:\s+(?P<magnitude>thousand|million|billion|trillion)\b)?"
    r")(?!st\b|nd\b|rd\b|th\b|x[0-9a-f])",
    re.I,
)
MAGNITUDES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
ONES = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
WORDS = {word: value for value, word in enumerate(ONES)} | {
    f"{ten}{'-' + one if one else ''}": 20 + 10 * place + value
    for place, ten in enumerate(TENS)
    for value, one in enumerate(["", *ONES[1:10]])
}
IN_WORDS = re.compile(rf"\b(?:{'|'.join(sorted(WORDS, key=len, reverse=True))})\b(?!-)", re.I)


@dataclass(frozen=True)
class Number:
    """A number in a text, and its place there in characters."""

    value: float
    start: int
    end: int


def prepared(text: str) -> str:
    """The text with plain digits, signs and spaces, in which `numbers` and `after_number` read."""
    raised = RAISED.sub(lambda match: "^" + match.group().translate(SUPERSCRIPTS), INVISIBLE.sub("", text))
    apart = "".join(f" {c}" if unicodedata.category(c) == "No" else c for c in raised)
    plain = unicodedata.normalize("NFKC", apart.translate(TYPOGRAPHY)).translate(SEPARATORS).translate(TYPOGRAPHY)
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in plain)


def next_number(text: str, start: int = 0) -> Number | None:
    """The first number from `start` on in a prepared text; None if there is none."""
    return next(_numbers(text, start), None)


def word_number(text: str) -> Number | None:
    """The one number in words of a text, such as `twelve`, below 100; None if there is none or several."""
    found = list(IN_WORDS.finditer(text))
    return Number(float(WORDS[found[0].group().lower()]), *found[0].span()) if len(found) == 1 else None


def _numbers(text: str, start: int) -> Iterator[Number]:
    for match in NUMBER.finditer(text, start):
        value = _value(match)
        if value is not None and math.isfinite(value):
            yield Number(value, *match.span())


def _value(match: re.Match[str]) -> float | None:
    size = _size(match)
    if size is None:
        return None
    size += float(match["whole"] or 0)
    return -size if match["sign"] == "-" or match["minus"] else size


def _size(match: re.Match[str]) -> float | None:
    if match["alone"]:
        return float(f"1e{match['alone']}")
    if match["over"]:
        under = float(match["under"])
        return float(match["over"]) / under if under else None
    bare = _without_marks(match["digits"])
    if bare is None:
        return None
    return float(f"{bare}e{match['exponent'] or match['power'] or 0}") * MAGNITUDES.get(
        (match["magnitude"] or "").lower(), 1.0
    )


def _without_marks(digits: str) -> str | None:
    """The digits with one decimal point at most; None where the marks are those of no number."""
    bare = re.sub(r"['_ ]", "", digits)
    points, commas = bare.count("."), bare.count(",")
    if points and commas:
        decimal = max(".,", key=bare.rfind)
        whole, _, rest = bare.rpartition(decimal)
        return f"{_grouped(whole)}.{rest}" if _grouped(whole) else None
    if points > 1 or commas > 1 or re.fullmatch(r"[1-9]\d{0,2},\d{3}", bare):
        return _grouped(bare)
    return bare.replace(",", ".")


def _grouped(whole: str) -> str | None:
    """The digits of a whole number with thousands marks (also Indian ones); None if they do not stand in threes."""
    three, indian = r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*", r"\d{1,2}(?:,\d{2})+,\d{3}"
    if whole.isdigit() or re.fullmatch(three, whole) or re.fullmatch(indian, whole):
        return re.sub("[.,]", "", whole)
    return None
