"""The form in which answers in words are compared: case, accents, typography, markup and a lead-in make no difference.

Signs that tell names apart stay: `C`, `C++` and `C#` are three answers, so are `5` and `-5`. The verifiers of
`answers.py` compare with it.
"""

import re
import unicodedata

from schemas.task import ENDING, INVISIBLE, TYPOGRAPHY

ARTICLE = re.compile(r"^(?:a|an|the) (?=\S)")
KEPT = re.compile(r"(?<=[^\W_])[+#%]+|[+#]+(?=[+#])|(?<![^\W_])-(?=\d)|(?<=\d)[.,](?=\d)")
"""Signs that are part of a word: those of `C++`, `C#` and `5%`, a minus, and marks inside numbers."""
LEAD = re.compile(
    r"^(?:(?:so|thus|hence|therefore)\b[, ]*)?(?:the |my )?(?:final |correct |short )?(?:answer|result|solution)\b"
    r"(?: to the question)?(?:\s*(?:is|are|was|were)\b\s*:?|\s*[:=])\s*|^(?:it|this|that|they|these)\s+"
    r"(?:is|are|was|were)\s+",
    re.I,
)
BOXED = re.compile(r"\\boxed\s*\{(.*)\}", re.S)
LATEX = re.compile(r"\\(?:text|mathrm|mathbf|mathit|operatorname|left|right|displaystyle)(?![a-z])|\\[,;:! ]|\\\(|\\\)")
DOLLARS = re.compile(r"\$([^$]*)\$")
FRACTION = re.compile(r"\\[td]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
QUOTES = "\"'`*_ \t\r\n"


def plain(text: str) -> str:
    """The answer without a lead-in such as `The answer is`, without emphasis, quotation marks and a final full stop."""
    boxed = BOXED.search(text)
    bare = (boxed.group(1) if boxed else text).translate(TYPOGRAPHY).strip(QUOTES)
    return LEAD.sub("", bare, count=1).strip(QUOTES).rstrip(ENDING).strip(QUOTES)


def without_latex(text: str) -> str:
    """The text with LaTeX's fractions as `a/b`, products as `*`, and its other commands and braces removed."""
    flat = (
        FRACTION.sub(r" \1/\2 ", DOLLARS.sub(r"\1", text))
        .replace("\\times", "*")
        .replace("\\cdot", "*")
        .replace("\\pm", "±")
    )
    return LATEX.sub(" ", flat).replace("\\%", "%").replace("{", "").replace("}", "")


def spelled(text: str) -> str:
    """The text in comparable form: words in lower case with single spaces, without a leading article.

    Latin letters lose their accents. A text of signs alone is returned as it is.
    """
    caseless = unicodedata.normalize("NFKC", INVISIBLE.sub("", text.translate(TYPOGRAPHY))).casefold()
    folded = unicodedata.normalize("NFC", _without_accents(caseless))
    kept = {place for match in KEPT.finditer(folded) for place in range(*match.span())}
    spaced = "".join(c if place in kept or _of_a_word(c) else " " for place, c in enumerate(folded))
    return ARTICLE.sub("", " ".join(spaced.split())) or " ".join(folded.split())


def holds(text: str, part: str) -> bool:
    """True if the words of `part` stand in the text, one after another; both are spelled."""
    return f" {part} " in f" {text} "


def _without_accents(text: str) -> str:
    kept, base = [], ""
    for c in unicodedata.normalize("NFD", text):
        mark = unicodedata.combining(c) > 0
        base = base if mark else c
        if not (mark and base.isascii()):
            kept.append(c)
    return "".join(kept)


def _of_a_word(c: str) -> bool:
    return c.isalnum() or unicodedata.category(c).startswith("M")
