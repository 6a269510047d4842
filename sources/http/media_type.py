"""The media type of a response: what its Content-Type declares, or what its first bytes are if that declares nothing.

Follows the WHATWG standards Fetch (extracting a MIME type) and MIME Sniffing: of a list the last valid type counts;
a header that is not valid, such as `text/html charset=utf-8` or `html`, counts as none.
"""

import re

HTML, XHTML, TEXT, BINARY = "text/html", "application/xhtml+xml", "text/plain", "application/octet-stream"
SNIFFED_BYTES = 1_445
"""Bytes at the start of a body that are looked at, as in the standard."""
_XML = "text/xml"
_ROOT_BYTES = 8_192
"""Bytes of an XML document that are searched for its root element."""

_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_ESSENCE = re.compile(rf"\s*({_NAME})/({_NAME})\s*(?:;.*)?", re.DOTALL)
_COMMA = re.compile(r',(?=(?:[^"]*"[^"]*")*[^"]*$)')
_UNKNOWN = {"*/*", "unknown/unknown", "application/unknown"}
_MARKUP = re.compile(
    rb"\s*<(?:(?:!doctype\s+html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[\s>/]|!--)",
    re.IGNORECASE,
)
_XML_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*<\?xml\b")
_XHTML_ROOT = re.compile(
    rb"(?:(?><\?.*?\?>)|(?><!--.*?-->)|(?><!doctype[^\[>]*(?:\[[^\]]*\]\s*)?>)|\s++)*+<html[\s>]",
    re.DOTALL | re.IGNORECASE,
)
_BOMS = (b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe")
_BINARY_BYTES = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_SIGNATURES = (
    (b"%PDF-", "application/pdf"), (b"%!PS-Adobe-", "application/postscript"), (b"\x1f\x8b\x08", "application/gzip"),
    (b"PK\x03\x04", "application/zip"), (b"GIF8", "image/gif"), (b"\x89PNG\r\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)  # fmt: skip


def declared_type(content_type: str) -> str:
    """Return the media type, in lower case and without parameters, that a Content-Type header declares; else ""."""
    found = ""
    for part in _COMMA.split(content_type):
        match = _ESSENCE.fullmatch(part)
        essence = f"{match[1]}/{match[2]}".lower() if match else ""
        if essence and essence not in _UNKNOWN:
            found = essence
    return found


def is_xml(media_type: str) -> bool:
    """True for text/xml, application/xml and every type that ends in +xml."""
    return media_type in ("text/xml", "application/xml") or media_type.endswith("+xml")


def computed_type(content_type: str, body: bytes) -> str:
    """Return the media type of a response by its Content-Type and its body.

    XML whose root element is `html` is XHTML, as browsers render it. A body that is declared as plain text and begins
    like a PDF or an archive has the type of that.
    """
    declared = declared_type(content_type)
    kind = declared or _sniffed(body[:SNIFFED_BYTES])
    if kind == TEXT:
        return _signature(body) or kind
    if is_xml(kind) and kind != XHTML and _XHTML_ROOT.match(body[:_ROOT_BYTES].removeprefix(_BOMS[0])):
        return XHTML
    return kind


def is_binary(body: bytes) -> bool:
    """True if the first bytes hold control characters that no text has, or begin like an archive or a picture."""
    start = body[:SNIFFED_BYTES]
    return not start.startswith(_BOMS) and (bool(_BINARY_BYTES.search(start)) or _signature(start) is not None)


def _sniffed(start: bytes) -> str:
    if _MARKUP.match(start.removeprefix(_BOMS[0])):
        return HTML
    if _XML_START.match(start):
        return _XML
    if found := _signature(start):
        return found
    return BINARY if is_binary(start) else TEXT


def _signature(body: bytes) -> str | None:
    return next((kind for magic, kind in _SIGNATURES if body.startswith(magic)), None)
