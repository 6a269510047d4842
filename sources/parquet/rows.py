"""One row of a data set as an entry: address, text, title, links, language, license by the columns of the settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import orjson

from sources.collections.collection import Content, Entry, RawPage, Refused
from sources.status_codes import Status
from sources.text.document_builder import ExtractedPage
from sources.urls import normalise

FIELDS = ("url", "id", "text", "title", "links", "lang", "license")
MEDIA_TYPES = {"html": "text/html", "markdown": "text/markdown", "text": "text/plain", "rst": "text/x-rst"}
MAX_LINKS = 2_000
MAX_TITLE_CHARS = 300


@dataclass(frozen=True)
class Mapped:
    """How rows are read: column by field, the format of the text, and the address of the data set."""

    columns: Mapping[str, str]
    format: str
    max_bytes: int
    home: str
    """address below which rows without a url get theirs"""

    def entry(self, row: Mapping[str, Any]) -> Entry:
        """Return the entry of a row; whatever is wrong with the row becomes its reason."""
        values = {field: row.get(column) for field, column in self.columns.items()}
        body = _bytes(values.get("text"))
        given = values.get("url")
        url = normalise(given) if isinstance(given, str) else None
        detail = None if url or given in (None, "") else f"the row's url {str(given)[:200]!r} is no http(s) url"
        identity = values.get("id")
        if not url:
            key = (
                str(identity) if identity not in (None, "") else sha256(body or orjson.dumps(str(row))).hexdigest()[:32]
            )
            url = f"{self.home}/{quote(key, safe='')[:200]}"
        columns = {"title": _text(values.get("title")), "license": _text(values.get("license")), "detail": detail}
        columns["lang"] = _text(values.get("lang"))
        read = partial(self._content, body, values, url)
        return Entry(url, read, None, {name: value for name, value in columns.items() if value})

    async def _content(self, body: bytes | None, values: Mapping[str, Any], url: str) -> Content:
        if body is None or not body.strip():
            raise Refused(Status.EXTRACTION_EMPTY, f"the column {self.columns['text']} is empty")
        if len(body) > self.max_bytes:
            raise Refused(Status.TOO_LARGE, f"{len(body)} bytes, over {self.max_bytes}")
        if self.format != "text":
            return RawPage(body, MEDIA_TYPES[self.format])
        text = body.decode("utf-8", "replace").replace("\r\n", "\n").strip()
        title = _text(values.get("title")) or text.partition("\n")[0].strip()[:MAX_TITLE_CHARS]
        return ExtractedPage(Status.OK, None, title, text, _links(values.get("links"), url))


def _bytes(value: Any) -> bytes | None:
    if isinstance(value, bytes):
        return value
    return value.encode("utf-8", "replace") if isinstance(value, str) else None


def _text(value: Any) -> str | None:
    if isinstance(value, list):
        value = next((one for one in value if isinstance(one, str)), None)
    return " ".join(value.split())[:MAX_TITLE_CHARS] or None if isinstance(value, str) else None


def _links(value: Any, within: str) -> tuple[tuple[str, str], ...]:
    """Return the links of a list of urls, of objects with a url, or of either as JSON."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            value = [value]
    links = dict[str, str]()
    for one in value if isinstance(value, list) else []:
        target, anchor = one, ""
        if isinstance(one, Mapping):
            target = one.get("url") or one.get("href") or one.get("target")
            anchor = str(one.get("anchor") or one.get("text") or one.get("title") or "")
        url = (
            normalise(target, within=within if within.startswith("http") else None) if isinstance(target, str) else None
        )
        if url and url != within and len(links) < MAX_LINKS:
            links.setdefault(url, " ".join(anchor.split())[:200])
    return tuple(links.items())
