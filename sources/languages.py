"""The languages of texts: by script, by what a page declares, and by statistics where it declares nothing true.

A script that several languages share stands for the one with most pages: `ru` for Cyrillic, `ar` for Arabic letters.
A declared language that is never written in the script of the text is wrong: templates say `en` on Chinese pages.
"""

import re
from functools import cache
from itertools import islice
from typing import Any

from sources.language_model import load_identifier

LATIN = "en"
SAMPLE_CHARS = 4_000
"""Characters by which a language is identified."""
LEAST_LETTERS = 60
"""Letters from which a script proves a declaration wrong, and a text without one is identified."""
SURE = 0.9
"""Probability from which an identified language is recorded."""
_SCRIPTS = {
    "el": "\u0370-\u03ff\u1f00-\u1fff", "ru": "\u0400-\u052f", "hy": "\u0530-\u058f", "he": "\u0590-\u05ff",
    "ar": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc", "hi": "\u0900-\u097f",
    "bn": "\u0980-\u09ff", "pa": "\u0a00-\u0a7f", "gu": "\u0a80-\u0aff", "ta": "\u0b80-\u0bff", "te": "\u0c00-\u0c7f",
    "kn": "\u0c80-\u0cff", "ml": "\u0d00-\u0d7f", "si": "\u0d80-\u0dff", "th": "\u0e00-\u0e7f", "lo": "\u0e80-\u0eff",
    "bo": "\u0f00-\u0fff", "my": "\u1000-\u109f", "ka": "\u10a0-\u10ff", "am": "\u1200-\u139f", "km": "\u1780-\u17ff",
    "ja": "\u3040-\u30ff", "zh": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff", "ko": "\uac00-\ud7af",
}  # fmt: skip
_LETTERS = {language: re.compile(f"[{letters}]") for language, letters in _SCRIPTS.items()}
_ANY = re.compile(f"[{''.join(_SCRIPTS.values())}]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
KANA_SHARE = 0.1
"""Kana per Chinese character from which a text is Japanese."""


def script_language(text: str) -> str:
    """The language tag of the script of most letters; `en` for Latin letters and for a text without letters."""
    if text.isascii() or not (first := _ANY.search(text)):
        return LATIN
    counts = {language: n for language, letters in _LETTERS.items() if (n := len(letters.findall(text, first.start())))}
    if counts.get("ja", 0) > KANA_SHARE * counts.get("zh", 0):
        counts["ja"] += counts.pop("zh", 0)
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= len(_LATIN.findall(text)) else LATIN


_WRITTEN = {
    "ru": "ru uk bg be mk sr kk ky mn tg tt ba cv os ab ce uz az tk ro",
    "ar": "ar fa ur ps ku ckb ug sd pa ks bal az kk ms",
    "hi": "hi mr ne sa mai bho kok ks sd", "he": "he yi", "bn": "bn as", "am": "am ti",
    "zh": "zh yue wuu nan lzh ja",
}  # fmt: skip
"""Script -> languages that are written in it; of a script that is not listed, the language of that name."""
_BY_SCRIPT_ALONE = frozenset(_SCRIPTS) - {"ru", "ar", "hi", "he", "bn", "am"}
_OTHER_SCRIPTS = {language for languages in _WRITTEN.values() for language in languages.split()} | set(_SCRIPTS)
_BOTH_SCRIPTS = frozenset("sr kk uz az tk mn tg ku ks sd pa ms ro ky tt ba".split())  # noqa: SIM905
"""Languages that are written in Latin letters, too."""
_TAG = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{1,8})*)")
_SHORTER = {
    "eng": "en", "rus": "ru", "zho": "zh", "chi": "zh", "ara": "ar", "deu": "de", "ger": "de", "fra": "fr", "fre": "fr",
    "spa": "es", "ita": "it", "por": "pt", "jpn": "ja", "kor": "ko", "hin": "hi", "nld": "nl", "dut": "nl", "pol": "pl",
    "ukr": "uk", "tur": "tr", "ell": "el", "gre": "el", "heb": "he", "iw": "he", "fas": "fa", "per": "fa", "ces": "cs",
    "cze": "cs", "in": "id", "ind": "id", "vie": "vi", "tha": "th", "swe": "sv", "ji": "yi", "und": "", "mul": "",
    "zxx": "",
}  # fmt: skip
"""Longer and former codes -> the one that BCP 47 prefers; empty for codes of no language."""
_ADDRESS = re.compile(r"\]\([^)\s]*\)|https?://\S+|`[^`\n]*`|```.*?(?:```|\Z)", re.DOTALL)
_LETTER = re.compile(r"[^\W\d_]")


def document_language(declared: str | None, text: str) -> str | None:
    """The BCP 47 tag of a text: the declared one unless its script disproves it, else the identified one.

    None for a text that is too short or too mixed to identify.
    """
    tag = language_tag(declared or "")
    sample = _ADDRESS.sub(" ", text[: 2 * SAMPLE_CHARS])[:SAMPLE_CHARS]
    if sum(1 for _ in islice(_LETTER.finditer(sample), LEAST_LETTERS)) < LEAST_LETTERS:
        return tag
    script = script_language(sample)
    if tag and _is_written(tag.partition("-")[0], script):
        return tag
    return script if script in _BY_SCRIPT_ALONE else _identified(sample, script)


def language_tag(declared: str) -> str | None:
    """A declared language in the form of BCP 47 (`zh-Hant-TW`); None if it is no tag."""
    found = _TAG.fullmatch(declared.strip().split(",")[0].strip())
    if not found:
        return None
    primary = _SHORTER.get(found[1].lower(), found[1].lower())
    parts = [part.lower() for part in re.split("[-_]", found[2]) if part]
    cased = [{2: part.upper(), 4: part.title()}.get(len(part), part) for part in parts]
    return "-".join([primary, *cased]) if primary else None


def _is_written(language: str, script: str) -> bool:
    """True if texts of a language may be in the script."""
    if script == LATIN:
        return language not in _OTHER_SCRIPTS or language in _BOTH_SCRIPTS
    return language in _WRITTEN.get(script, script).split()


def _identified(sample: str, script: str) -> str | None:
    """The language by statistics; that of the script where they name one of another script."""
    language, probability = identifier().classify(sample)
    if not _is_written(language, script):
        return script if script != LATIN else None
    return str(language) if probability >= SURE else None


@cache
def identifier() -> Any:
    """The identifier of py3langid, loaded on first use."""
    return load_identifier()
