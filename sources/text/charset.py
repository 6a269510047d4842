"""Bytes to text when servers lie about the character set, so that no page becomes mojibake unnoticed.

Valid UTF-8 with non-ASCII characters is UTF-8 whatever was declared: no other text looks so by chance.
"""

import codecs
import re

from charset_normalizer import from_bytes

PRESCAN_BYTES = 4_096
GUESS_BYTES = 64 * 1024
MAX_REPLACED_SHARE = 0.005
"""More unreadable characters than this, and the text counts as unreadable."""

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_LATIN = {"iso8859-1", "ascii", "latin-1"}
_STATEFUL = ("utf-16", "utf-32", "utf-7", "iso2022", "hz")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Unreadable(Exception):
    """The bytes are no text in the declared or any likely character set."""


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a body; raises Unreadable when none is found that would not be full of errors."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return _checked(body.decode(name, "replace").removeprefix("\ufeff"))
    declared = _declared(body, content_type)
    for name in _in_order(declared):
        try:
            return _checked(body.decode(name))
        except (UnicodeError, LookupError):
            continue
    return _checked(_guess(body))


def _declared(body: bytes, content_type: str) -> list[str]:
    in_header = _HEADER.search(content_type)
    in_meta = _META.search(body[:PRESCAN_BYTES])
    names = [in_header[1] if in_header else "", in_meta[1].decode() if in_meta else ""]
    return [known for known in map(_known, names) if known]


def _known(name: str) -> str:
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    return found.name if getattr(found, "_is_text_encoding", True) else ""


def _in_order(declared: list[str]) -> list[str]:
    stateful = [name for name in declared if name.startswith(_STATEFUL)]
    others = ["cp1252" if name in _LATIN else name for name in declared if name not in stateful]
    return [*stateful, "utf-8", *others]


def _guess(body: bytes) -> str:
    best = from_bytes(body[:GUESS_BYTES]).best()
    return body.decode(best.encoding if best else "utf-8", "replace")


def _checked(text: str) -> str:
    wrong = text.count("\ufffd") + len(_CONTROLS.findall(text))
    if wrong > max(2, MAX_REPLACED_SHARE * len(text)):
        raise Unreadable(f"{wrong} of {len(text)} characters are no text")
    return _CONTROLS.sub("", text).encode("utf-8", "replace").decode()
