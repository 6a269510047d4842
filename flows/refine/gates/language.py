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

LANGUAGE_VERSION = f"1 {version('py3langid')}"
"""Changes with the rules of this module and with the identifier."""
SCRIPTS = (
    ("ko", r"[\uac00-\ud7a3]"), ("ja", r"[\u3040-\u30ff]"), ("zh", r"[\u4e00-\u9fff]"), ("th", r"[\u0e00-\u0e7f]"),
    ("he", r"[\u0590-\u05ff]"), ("el", r"[\u0370-\u03ff]"), ("hi", r"[\u0900-\u097f]"),
)  # fmt: skip
"""Languages with a script of their own; Japanese text is mostly in Chinese characters."""
WIDE_SCRIPTS = (("ru", r"[\u0400-\u04ff]"), ("ar", r"[\u0600-\u06ff]"))
"""Scripts of several languages, each with the one taken for a doubtful text in it."""
ALIKE = ({"no", "da", "sv"}, {"id", "ms"}, {"cs", "sk"}, {"ru", "uk", "bg"}, {"es", "ca"}, {"ar", "fa"})
"""Languages that short texts do not distinguish."""
SHORT, CERTAIN = 90, 0.9
REMEMBERED = 1024
"""Texts whose languages are remembered: attempts at one task share its words and its system prompt."""
_ASIDE = re.compile(
    r"(?m:^[!-~]+$)|(?m:^.*(?:Error|ERROR|Exception)\b.*$)|```.*?(?:```|$)|`[^`\n]*`|https?://\S+"
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
    for language, script in SCRIPTS:
        found = len(re.findall(script, prose))
        if found >= 4 and found * (4 if language == "ja" else 2.5) >= letters:
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
    if letters < SHORT and any({asked, written} <= group for group in ALIKE):
        return None
    return written if asked is not None or named else None


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
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(sorted(set(language_names()) - {"la"} | {"sk", "hr", "fa", "ms", "bn", "ta"}))
    return identifier
