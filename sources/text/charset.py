"""Decodes bytes to text, also when the declared character encoding is wrong, so that no page becomes mojibake.

Bytes that are valid UTF-8 are decoded as UTF-8 whatever is declared: other encodings hardly ever look like it.
"""

import codecs
import re

from charset_normalizer import from_bytes

PRESCAN_BYTES = 4_096
GUESS_BYTES = 64 * 1024
MAX_REPLACED_SHARE = 0.005
"""A text with a larger share of undecodable characters is unreadable."""

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]+)""", re.IGNORECASE)
_LATIN = {"iso8859-1", "ascii", "latin-1"}
_STATEFUL = ("utf-16", "utf-32", "utf-7", "iso2022", "hz")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


class Unreadable(Exception):
    """The bytes are not text in the declared or any likely character encoding."""


def decode(body: bytes, content_type: str = "") -> str:
    """Decode a body by its BOM, else by UTF-8 and the declared encodings, else by a guess. Raises Unreadable."""
    for mark, name in _BOMS:
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
    return [codec for codec in map(_codec_name, names) if codec]


def _codec_name(name: str) -> str:
    try:
        codec = codecs.lookup(name)
    except (LookupError, ValueError):
        return ""
    return codec.name if getattr(codec, "_is_text_encoding", True) else ""


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
        raise Unreadable(f"{wrong} of {len(text)} characters are not text")
    return _CONTROLS.sub("", text).encode("utf-8", "replace").decode()
