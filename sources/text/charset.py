"""Detects the character encoding of bytes and decodes them as the WHATWG standard does, as browsers read a page.

The first that applies decides: byte order mark, charset of the header, `<meta>` or XML declaration, valid UTF-8, a
guess. Labels mean what the standard's table gives (`iso-8859-1` is windows-1252, `gb2312` is gb18030). An undecodable
byte becomes U+FFFD and is counted. Three declarations are not believed, because the bytes disprove them: a single-byte
encoding or UTF-16 for bytes that are valid UTF-8 (servers that add a default charset to every page; chance hardly ever
writes UTF-8), and one that leaves a text unreadable where a later declaration does not. Multi-byte encodings
are believed: short texts in GBK or Big5 are often valid UTF-8, too. Where something is declared, nothing is guessed: a
page that no declaration makes readable is a charset mismatch, since a wrong guess would be trained on as text.
"""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import webencodings
from charset_normalizer import from_bytes

from sources.text.declared_charset import in_header, in_markup

GUESS_BYTES = 64 * 1024
MAX_WRONG, MAX_WRONG_SHARE = 5, 0.02
"""Undecodable and control characters that a readable text may have: so many, or this share of it if that is more."""
_REPLACEMENT = "\ufffd".encode()
SLIPS_PER_LETTER = 0.2
"""Undecodable bytes per multi-byte character up to which undeclared text is UTF-8 with slips."""

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
          (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))  # fmt: skip
_MULTI_BYTE = frozenset(("big5", "euc-jp", "euc-kr", "gb18030", "gbk", "iso-2022-jp", "shift_jis", "utf-8"))
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r")


class Unreadable(Exception):
    """The bytes are not text in any declared or likely encoding."""


@dataclass(frozen=True)
class Decoded:
    """The text of a body, without control characters."""

    text: str
    encoding: str
    """As the standard names it, or as Python does if it was guessed."""
    n_replaced: int = 0
    """Undecodable places, each one U+FFFD in the text."""

    @property
    def detail(self) -> str | None:
        """The number of undecodable places in words; None if there are none."""
        return f"{self.n_replaced} undecodable as {self.encoding}" if self.n_replaced else None


@lru_cache(maxsize=1)
def decode(body: bytes, content_type: str = "") -> Decoded:
    """Decode a body; `content_type` is its header. Plain text has no `<meta>`. Raises Unreadable.

    The newest result is kept: a page is decoded for its text, and then to search its source for secrets.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _readable(body, codecs.lookup(name), name.removesuffix("-sig"))
    declared = list(_declared(body, content_type))
    if not declared:
        return _undeclared(body)
    failures = list[str]()
    for name in declared:
        try:
            return _as_declared(body, name)
        except Unreadable as error:
            failures.append(str(error))
    raise Unreadable(f"charset_mismatch: {'; '.join(failures)}")


def _declared(body: bytes, content_type: str) -> Iterator[str]:
    """The standard's names of the declared encodings, that of the header first."""
    media_type = content_type.partition(";")[0].strip().lower()
    plain = media_type.startswith("text/") and not media_type.endswith(("html", "xml"))
    names = in_header(content_type), None if plain else in_markup(body, xml_first=media_type.endswith("xml"))
    yield from dict.fromkeys(name for name in names if name)


def _as_declared(body: bytes, name: str) -> Decoded:
    if name == "replacement":
        raise Unreadable("the declared encoding is one that browsers refuse")
    if name.startswith("utf-16"):
        disproved = b"\0" not in body and _is_utf8(body)
    else:
        disproved = name not in _MULTI_BYTE and not body.isascii() and _is_utf8(body)
    if disproved:
        return _readable(body, codecs.lookup("utf-8"), "utf-8")
    decoder = "gb18030" if name == "gbk" else name  # the standard's gbk decodes as gb18030
    return _readable(body, webencodings.lookup(decoder).codec_info, name)


def _undeclared(body: bytes) -> Decoded:
    name = _utf16_by_zeros(body[:1_024]) or ("utf-8" if _is_utf8(body) or _slips(body[:GUESS_BYTES]) else "")
    if not name:
        best = from_bytes(body[:GUESS_BYTES]).best()
        name = best.encoding if best else "utf-8"
    return _readable(body, codecs.lookup(name), name)


def _utf16_by_zeros(start: bytes) -> str:
    """UTF-16 in the byte order that makes most of the letters ASCII; empty for other bytes."""
    most = len(start) // 4
    return "utf-16-le" if start[1::2].count(0) > most else "utf-16-be" if start[::2].count(0) > most else ""


def _slips(start: bytes) -> bool:
    """True for UTF-8 with few undecodable bytes beside its letters outside ASCII."""
    letters = sum(byte >= 0xC2 for byte in start)
    return start.decode("utf-8", "replace").count("\ufffd") <= SLIPS_PER_LETTER * letters


def _readable(body: bytes, codec: codecs.CodecInfo, name: str) -> Decoded:
    """The body decoded, with `name` as the reported encoding. Raises Unreadable."""
    n_replaced = 0
    try:
        text, _ = codec.decode(body)
    except UnicodeError:
        text, _ = codec.decode(body, "replace")
        n_replaced = text.count("\ufffd")
    encoded = text.encode("utf-8", "replace")
    kept = encoded.translate(None, _CONTROLS)  # in UTF-8, these bytes are part of no other character
    n_wrong = encoded.count(_REPLACEMENT) + len(encoded) - len(kept)
    if n_wrong > max(MAX_WRONG, MAX_WRONG_SHARE * len(text)):
        raise Unreadable(f"{n_wrong} of {len(text)} characters are not text in {name}")
    return Decoded(kept.decode(), name, n_replaced)


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
