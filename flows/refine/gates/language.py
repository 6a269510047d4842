"""Finds if an answer is written in another language than its task wants.

The language is identified by py3langid (Barbaresi; after Lui and Baldwin 2012), whose model ships in its wheel. Short
texts, names and code show too little of a language: they are never called foreign.
"""

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Any

from flows.refine.gates.patterns import joined, language_names
from sources.language_model import load_identifier

LANGUAGE_VERSION = f"4 {version('py3langid')}"
"""Changes with the rules of this module and with the identifier."""
SCRIPTS = (
    ("ko", r"[\uac00-\ud7a3]", 2.5), ("ja", r"[\u3040-\u30ff]", 4), ("zh", r"[\u4e00-\u9fff]", 2.5),
    ("th", r"[\u0e00-\u0e7f]", 1.5), ("he", r"[\u0590-\u05ff]", 1.5), ("el", r"[\u0370-\u03ff\u1f00-\u1fff]", 1.5),
    ("hi", r"[\u0900-\u097f]", 1.5),
)  # fmt: skip
"""Languages with a script of their own, and the number of letters of any script per letter of it, up to which a text is
in that language. Japanese text is mostly in Chinese characters, and each of these stands for several letters; two kana
among them are enough, since Chinese has none."""
WIDE_SCRIPTS = (("ru", r"[\u0400-\u04ff]"), ("ar", r"[\u0600-\u06ff]"))
"""Scripts of several languages, each with the one taken for a doubtful text in it."""
ALIKE = ({"no", "da", "sv"}, {"id", "ms"}, {"cs", "sk"}, {"ru", "uk", "bg"}, {"es", "ca"}, {"ar", "fa"})
"""Languages that short texts do not distinguish."""
SHORT, CERTAIN = 90, 0.9
REMEMBERED = 1024
"""Texts whose languages are remembered: attempts at one task share its words and its system prompt."""
OWN_SHARE = 0.5
"""Share of the letters."""
_SENTENCE = re.compile(r"(?<=[.!?\u0964:])\s+|\n+|(?<=[\u3002\uff01\uff1f])")
_ASIDE = re.compile(
    r"```.*?(?:```|$)|(?m:^[!-~]+$)|(?m:^.*(?:Error|ERROR|Exception)\b.*$)|`[^`\n]*`|https?://\S+"
    r"|[\w./\\-]*[/\\_][\w./\\-]*|\b\w+\.\w{1,5}\b|\b[A-Z]{2,}\b",
    re.DOTALL,
)
"""Code, addresses, errors and data: parts of a text that are in no language."""
_QUOTED = re.compile(
    r"\"[^\"\n]*\"|“[^”]*”|«[^»]*»|„[^“”]*[“”]|「[^」]*」|『[^』]*』|(?<!\w)'[^'\n]{3,}'(?!\w)|(?m:^>.*$)"
)
_LETTERS = re.compile(r"[^\W\d_]+")


def foreign_answers(
    asked: Sequence[str | None], system: Sequence[str | None], answers: Sequence[str | None]
) -> list[str | None]:
    """For each row the language of the answer, if the task neither uses nor names it; else None."""
    rows = zip(asked, system, answers, strict=True)
    return [_foreign(task or "", rules or "", answer or "") for task, rules, answer in rows]


@lru_cache(REMEMBERED)
def named_languages(text: str) -> frozenset[str]:
    """The languages that a text names, in any of the languages of `phrases/languages.toml`."""
    return frozenset(language for language, names in _names().items() if names.search(text))


@lru_cache(REMEMBERED)
def language_of(text: str) -> tuple[str | None, int]:
    """The language of a text's prose, None if it is too short or doubtful; and the number of its letters."""
    prose = " ".join(_LETTERS.findall(_QUOTED.sub(" ", _ASIDE.sub(" ", text[:4000]))))
    letters = len(prose.replace(" ", ""))
    for language, script, others in SCRIPTS:
        found = len(re.findall(script, prose))
        if found >= (2 if language == "ja" else 4) and found * others >= letters:
            return language, letters * 3
    if letters < 12 or prose.count(" ") < 2:
        return None, letters
    language, certainty = _identifier().classify(prose.lower())
    if certainty >= CERTAIN:
        return str(language), letters
    return next((one for one, script in WIDE_SCRIPTS if 2 * len(re.findall(script, prose)) >= letters), None), letters


def _foreign(task: str, rules: str, answer: str) -> str | None:
    written, letters = language_of(answer)
    if written is None or letters < 20:
        return None
    named = named_languages(task)
    if written in named or (named and re.search(joined("translates"), task, re.IGNORECASE)):
        return None
    asked = language_of(task)[0]
    ruled = named_languages(rules)
    if ruled and not named and _orders(rules, ruled):
        return None if written in ruled else written
    if written in ruled or written == asked:
        return written if written == asked and named and _orders(task, named) else None
    if (asked is None and not named) or _is_alike(asked, written, answer, letters) or _is_quoting(answer, asked):
        return None
    return written


def _is_alike(asked: str | None, written: str, answer: str, letters: int) -> bool:
    """True if the answer may as well be in the wanted language."""
    if (asked, written) == ("ja", "zh"):
        return not _is_chinese(answer)
    return letters < SHORT and any({asked, written} <= group for group in ALIKE)


def _is_chinese(text: str) -> bool:
    """True if a text in Chinese characters is no list of Japanese nouns: JIS lacks some, or it has particles."""
    return len(text.encode("cp932", "ignore").decode("cp932")) < len(text) or len(re.findall("[是的了们]", text)) > 2


def _is_quoting(answer: str, asked: str | None) -> bool:
    """True if sentences in the asked language make up a good part of an answer, as those around a quoted message do."""
    sentences = [language_of(one) for one in _SENTENCE.split(_ASIDE.sub(" ", answer[:4000]))]
    return sum(n for language, n in sentences if language == asked) >= OWN_SHARE * sum(n for _, n in sentences)


def _orders(task: str, named: frozenset[str]) -> bool:
    """True if the task orders its answer in one of the named languages: `answer in French`, `in French, please`."""
    before, after = joined("orders_before"), joined("orders_after")
    names = "|".join(language_names()[language] for language in sorted(named))
    order = rf"(?:{before})[^.!?\n]{{0,60}}(?:{names})|(?:{names})[^.!?\n]{{0,20}}(?:{after})"
    return bool(re.search(order, task, re.IGNORECASE))


@cache
def _names() -> dict[str, re.Pattern[str]]:
    return {language: re.compile(names, re.IGNORECASE) for language, names in language_names().items()}


@cache
def _identifier() -> Any:
    identifier = load_identifier()
    identifier.set_languages(sorted(set(language_names()) - {"la"} | {"sk", "hr", "fa", "ms", "bn", "ta"}))
    return identifier
