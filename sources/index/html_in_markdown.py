"""Reads the marks of Markdown that plain text lacks: `10<sup>6</sup>`, `H<sub>2</sub>O`, `<br>` in cells, `[^1]`.

Sentences and passages hold the words of a page without markup, but 10<sup>6</sup> must not become 106 there.
"""

import re

_NOTE = re.compile(r"\[\^[\w.*†‡§-]{1,12}\]:?")
_BREAK = re.compile(r"<br ?/?>")
_ORDINAL = re.compile(r"(?<=\d)<sup>(st|nd|rd|th|e|er|o|a|º|ª)</sup>")
_SUP = re.compile(r"<sup>([^<>]*)</sup>")
_SUB_NUMBER = re.compile(r"<sub>(\d+)</sub>")
_SUB = re.compile(r"<sub>([^<>]*)</sub>")


def without_html(text: str) -> str:
    """Write exponents as `10^6`, subscripts as `H2O` and `x_i`, breaks in cells as spaces; drop footnote labels."""
    if "[^" in text:
        text = _NOTE.sub("", text)
    if "<br" in text:
        text = _BREAK.sub(" ", text)
    if "<su" in text:
        text = _SUP.sub(r"^\1", _ORDINAL.sub(r"\1", text))
        text = _SUB.sub(r"_\1", _SUB_NUMBER.sub(r"\1", text))
    return text
