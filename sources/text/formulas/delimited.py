r"""Formulas that a page has as TeX between delimiters, for MathJax or KaTeX to find when it is shown.

The delimiters are those that both read by default, `\( \)`, `\[ \]`, `$$ $$` and environments, and the dollars that
many pages add. A page that loads neither program shows its backslashes, so its text is left alone.
"""

import re
from collections.abc import Iterator

from sources.text.formulas.find import Formula
from sources.text.formulas.mathml import cleaned

_DELIMITERS = ("\\(", "\\[", "\\begin{", "$")
_SIGNS = ("mathjax", "katex", "arithmatex", 'class="math', "class='math", "class=math")
_ENVIRONMENTS = r"(?:align(?:at)?|array|cases|displaymath|eqnarray|equation|flalign|gather|multline|[bpvBV]?matrix)\*?"
_OPENING = re.compile(rf"(?<!\\)\\(?:[(\[]|begin\{{({_ENVIRONMENTS})\}})|(?<![\w$\\])\$\$?(?=[^$])")
_CLOSING = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_DOLLARS = re.compile(r"\$([^\s$](?:[^$]*[^\s$\\])?)\$(?![\w$])")
"""a formula in a sentence, as Pandoc reads it: `$5 and 6$` is one, `$5 and $6` are prices"""


def has_delimited_tex(html: str) -> bool:
    """True for a page with such delimiters that loads a program to find them."""
    if not any(sign in html for sign in _DELIMITERS):
        return False
    lower = html.lower()
    return any(sign in lower for sign in _SIGNS)


def split_formulas(text: str) -> Iterator[str | Formula]:
    """Yield the pieces of a text and the formulas between them."""
    start, at = 0, 0
    unclosed = set[str]()
    while opening := _OPENING.search(text, at):
        found = _formula(text, opening, unclosed)
        at = found[1] if found else opening.end()
        if found:
            yield text[start : opening.start()]
            yield found[0]
            start = at
    yield text[start:]


def _formula(text: str, opening: re.Match[str], unclosed: set[str]) -> tuple[Formula, int] | None:
    """Return the formula that begins here and the place behind it; a delimiter that nothing closes is read once."""
    sign, environment = opening[0], opening[1]
    if sign == "$":
        found = _DOLLARS.match(text, opening.start())
        return (Formula(cleaned(found[1]), display=False), found.end()) if found else None
    closing = f"\\end{{{environment}}}" if environment else _CLOSING[sign]
    end = -1 if closing in unclosed else text.find(closing, opening.end())
    if end < 0:
        unclosed.add(closing)
        return None
    behind = end + len(closing)
    tex = text[opening.start() : behind] if environment else text[opening.end() : end]
    return Formula(cleaned(tex), display=sign != "\\("), behind
