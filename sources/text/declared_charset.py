"""Reads the character encoding that a response declares: in its header, a `<meta>` element or an XML declaration.

The scan of the markup follows the HTML standard's "prescan a byte stream to determine its encoding", which does not
depend on a parser: comments are skipped, attributes may be unquoted, `http-equiv` needs `content`. Like a browser's
parser, it goes on after the prescan's 1,024 bytes; from there on, texts of scripts, styles and titles are skipped.
"""

import re

import webencodings

PRESCAN_BYTES = 1_024
HEAD_BYTES = 64 * 1024
"""Bytes in which a `<meta>` counts; browsers find it anywhere in the head."""

_CHARSET = re.compile(r"""charset[\t\n\f\r ]*=[\t\n\f\r ]*(?:"([^"]*)"|'([^']*)'|([^\t\n\f\r ;"']+))""", re.IGNORECASE)
_XML = re.compile(rb"""<\?xml[^>]*?[ \t\r\n]encoding[ \t\r\n]*=[ \t\r\n]*(?:"([^"<>]*)"|'([^'<>]*)')""")
_ATTRIBUTE = re.compile(
    rb"""[\t\n\f\r /]*([^\t\n\f\r />][^\t\n\f\r />=]*)"""
    rb"""(?:[\t\n\f\r ]*=[\t\n\f\r ]*(?:"([^"]*)"|'([^']*)'|((?!["'])[^\t\n\f\r >]*)))?"""
)
_META = re.compile(rb"meta[\t\n\f\r /]", re.IGNORECASE)
_TAG = re.compile(rb"/?[A-Za-z][^\t\n\f\r >]*")
_RAW_TEXT = re.compile(rb"(?:script|style|title|textarea|noscript|template)(?![A-Za-z])", re.IGNORECASE)


def in_header(content_type: str) -> str | None:
    """The standard's name of the charset of a Content-Type header; None without one that the standard has."""
    return _encoding(_charset_of(content_type))


def in_markup(body: bytes, *, xml_first: bool) -> str | None:
    """The standard's name of the encoding that markup declares; None without one.

    `xml_first` for XHTML sent as XML: its XML declaration counts before a `<meta>`. UTF-16 means UTF-8, since the
    declaration could be read byte by byte.
    """
    if body.startswith((b"<\0?\0x\0", b"\0<\0?\0x")):
        return "utf-16le" if body[0] else "utf-16be"
    declared = [_xml(body), _meta(body)] if xml_first else [_meta(body), _xml(body)]
    name = next((one for one in declared if one), None)
    if name and name.startswith("utf-16"):
        return "utf-8"
    return "windows-1252" if name == "x-user-defined" else name


def _encoding(label: str | None) -> str | None:
    found = webencodings.lookup(label) if label else None
    return str(found.name) if found else None


def _charset_of(text: str) -> str | None:
    found = _CHARSET.search(text)
    return next((one for one in found.groups() if one is not None), None) if found else None


def _xml(body: bytes) -> str | None:
    found = _XML.match(body[:PRESCAN_BYTES])
    return _encoding((found[1] or found[2] or b"").decode("latin-1")) if found else None


def _meta(body: bytes) -> str | None:
    """The encoding of the first `<meta>` that declares one that the standard has."""
    data, lower = body[:HEAD_BYTES], body[:HEAD_BYTES].lower()
    at = data.find(b"<")
    while at >= 0:
        if data.startswith(b"<!--", at):
            end = data.find(b"-->", at + 2)
        elif _META.match(data, at + 1):
            attributes, end = _attributes(data, at + 5)
            if name := _of_meta(attributes):
                return name
        elif tag := _TAG.match(data, at + 1):
            end = _attributes(data, tag.end())[1]
            if at >= PRESCAN_BYTES and (raw := _RAW_TEXT.match(data, at + 1)):
                end = lower.find(b"</" + raw[0].lower(), end)
        else:
            end = data.find(b">", at) if data[at + 1 : at + 2] in {b"!", b"/", b"?"} else at + 1
        at = data.find(b"<", end) if end >= 0 else -1
    return None


def _attributes(data: bytes, at: int) -> tuple[dict[bytes, bytes], int]:
    """The attributes of a tag from a place in it, the first of each name, and the place after them."""
    found = dict[bytes, bytes]()
    while match := _ATTRIBUTE.match(data, at):
        value = next((one for one in match.groups()[1:] if one is not None), b"")
        found.setdefault(match[1].lower(), value)
        at = match.end()
    return found, at


def _of_meta(attributes: dict[bytes, bytes]) -> str | None:
    if b"charset" in attributes:
        return _encoding(attributes[b"charset"].decode("latin-1"))
    if attributes.get(b"http-equiv", b"").lower() != b"content-type":
        return None
    return _encoding(_charset_of(attributes.get(b"content", b"").decode("latin-1")))
