"""Encodes the one kind of request that a crawl sends: a GET of HTTP/1.1, without a body."""

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from sources.http.decompress import ACCEPTED
from sources.urls import DEFAULT_PORTS

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


def get_request(url: str, headers: Mapping[str, str | None]) -> bytes:
    """Encode a GET of this url; headers without a value are left out. Raises ValueError on an invalid url."""
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ValueError(f"{url!r} is not an http(s) url")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    own = {"Host": parts.netloc, "Accept": "*/*", "Accept-Encoding": ACCEPTED, "Connection": "keep-alive"}
    lines = [b"GET %s HTTP/1.1" % _CONTROLS.sub("", target).replace(" ", "%20").encode("ascii")]
    lines += [b"%s: %s" % (name.encode(), _encoded(value)) for name, value in (own | dict(headers)).items() if value]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _encoded(value: str) -> bytes:
    """Encode a header value as it came: ETags of servers hold bytes of UTF-8 or of Latin-1."""
    clean = _CONTROLS.sub("", value)
    try:
        return clean.encode("latin-1")
    except UnicodeEncodeError:
        return clean.encode("utf-8", "replace")
