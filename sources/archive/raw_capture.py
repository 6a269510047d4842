"""Stores raw responses as WARC records, without credentials and with secrets redacted exactly where they occur.

A page's source holds more than its text: comments, scripts, attributes. So the source is searched as bytes,
and again as a browser renders it. A secret that cannot be replaced exactly where it occurs prevents storage.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

import numpy as np

from sources.archive.warc import (
    ORIGINAL,
    RecordLocation,
    StoredResponse,
    WarcError,
    read_record,
    response_record,
    revisit_record,
)
from sources.archive.warc_files import WarcFiles
from sources.http.fetch import FetchResult
from sources.privacy.redaction import count_kinds, find, redact
from sources.text.charset import Unreadable, decode

PDF_START = b"%PDF-"
_CREDENTIALS = re.compile(r"cookie|auth|token|session|secret|csrf|xsrf|credential|signature|passw|api-?key|^proxy-")
_OWN_PREFIX = ORIGINAL.lower()
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


class CaptureRefused(Exception):
    """The raw response is not stored. The message is the reason, for the document's detail."""


@dataclass(frozen=True)
class Captured:
    """The location of a stored raw response, or the reason why it is not stored."""

    location: RecordLocation | None = None
    detail: str | None = None


NOT_CAPTURED = Captured()


@dataclass(frozen=True)
class SafeResponse:
    """A response that may be stored: without credentials, and with its secrets redacted."""

    url: str
    code: int
    headers: Mapping[str, str]
    body: bytes

    def record(self) -> bytes:
        """Encode the response as a WARC record."""
        return response_record(self.url, self.code, self.headers, self.body)


Prepared = bytes | SafeResponse | CaptureRefused
"""A response as it can be stored: its record, the response itself if it is to be compared with an earlier one, or
the reason why it may not be stored."""


def prepare(url: str, response: FetchResult, secret_text: str = "", *, redact: bool, compared: bool) -> Prepared:
    """Make a response safe to store, and encode it unless it is to be compared with an earlier one.

    `secret_text` is the text extracted from the page, if redaction changed it; else empty. Needs no file, so that it
    runs in a worker process.
    """
    headers, body = without_credentials(response.headers), response.body
    if redact:
        try:
            headers, body = _redacted(headers, body, secret_text)
        except CaptureRefused as refusal:
            return refusal
    safe = SafeResponse(url, response.code or 200, headers, body)
    return safe if compared else safe.record()


@dataclass(frozen=True)
class RawCapture:
    """Stores raw responses. `redact`: replace secrets and personal data first."""

    files: WarcFiles
    redact: bool = True

    async def store(self, url: str, response: FetchResult, same_text_as: RecordLocation | None = None) -> Captured:
        """Prepare and store a response, in a thread. Raises WarcError if the disk is full."""
        compared = same_text_as is not None
        prepared = await asyncio.to_thread(prepare, url, response, redact=self.redact, compared=compared)
        return await self.append(prepared, same_text_as)

    async def append(self, prepared: Prepared, same_text_as: RecordLocation | None = None) -> Captured:
        """Store what was prepared of a response. Raises WarcError if the disk is full.

        `same_text_as` is an earlier response with the same text: a body that is the same, too, becomes a revisit of it,
        and another body is not stored at all.
        """
        if isinstance(prepared, CaptureRefused):
            return Captured(detail=f"raw response not stored: {prepared}")
        if isinstance(prepared, bytes):
            return Captured(self.files.append(prepared))
        return await asyncio.to_thread(self._append_compared, prepared, same_text_as)

    def _append_compared(self, new: SafeResponse, same_text_as: RecordLocation | None) -> Captured:
        original = self._original(new.url, same_text_as)
        if original is None or same_text_as is None:
            return Captured(self.files.append(new.record()))
        if original.body != new.body:
            return Captured(same_text_as)
        return Captured(self.files.append(revisit_record(new.url, new.code, new.headers, original, same_text_as)))

    def _original(self, url: str, at: RecordLocation | None) -> StoredResponse | None:
        """Read an earlier response; None if there is none, or if it is lost or damaged."""
        if at is None or self.files.locate is None:
            return None
        try:
            return read_record(self.files.locate, at, url)
        except WarcError:
            return None


def without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """Drop headers whose names suggest sessions, cookies or keys, and names reserved for this crawler."""
    lower = ((name.lower(), name) for name in headers)
    return {name: headers[name] for low, name in lower if not (_CREDENTIALS.search(low) or low.startswith(_OWN_PREFIX))}


def _redacted(headers: Mapping[str, str], body: bytes, text: str) -> tuple[dict[str, str], bytes]:
    redacted, counts = redact_body(body, headers.get("content-type", ""), text)
    kinds_by_header = zip(headers.items(), count_kinds(list(headers.values())), strict=True)
    safe = {name: redact(value)[0] if kinds else value for (name, value), kinds in kinds_by_header}
    if counts:
        safe["x-crawl-redacted"] = _listed(counts)
    return safe, redacted


def redact_body(body: bytes, content_type: str, text: str) -> tuple[bytes, dict[str, int]]:
    """Return the body with placeholders for secrets, and their number by kind; every other byte is unchanged.

    Raises CaptureRefused if the body cannot be searched, or if a secret cannot be replaced where it occurs:
    it is written with entities, percent signs or tags inside, or the body is not UTF-8.
    """
    if body.startswith(PDF_START):
        raise CaptureRefused("the compressed streams of a PDF cannot be searched for secrets")
    try:
        source = decode(body, content_type).text
        redacted, counts = redact(source)
        if counts and source.encode() != body:
            raise CaptureRefused(f"it holds {_listed(counts)} in an encoding other than UTF-8")
        _refuse_secrets("\n\x1e\n".join(_renderings(redacted)), text)
    except (Unreadable, ValueError) as error:  # an entity of ten thousand digits is a ValueError
        raise CaptureRefused(f"it cannot be searched for secrets: {str(error)[:200]}") from error
    return (redacted.encode() if counts else body), counts


def _renderings(source: str) -> Iterator[str]:
    """Yield the source with entities and percent signs decoded, and with its tags removed."""
    plain = unescape(source)
    if _PERCENT.search(plain):  # unquote looks at every character even if there is nothing to decode
        plain = unquote(plain)
    if plain != source:
        yield plain
    yield unescape(_without_tags(source))


def _without_tags(source: str) -> str:
    """Remove every `<...>` that has no `<` inside; by places of the signs, a tenth of the time of a pattern."""
    text = np.frombuffer(source.encode("utf-8", "surrogatepass"), np.uint8)
    opening, closing = np.flatnonzero(text == ord("<")), np.flatnonzero(text == ord(">"))
    next_sign = np.append(opening[1:], len(text))
    ends = np.append(closing, len(text))[np.searchsorted(closing, opening)]
    is_tag = ends < next_sign
    steps = np.zeros(len(text) + 1, np.int8)  # 1 where a tag begins, -1 behind its end
    steps[opening[is_tag]] = 1
    steps[ends[is_tag] + 1] -= 1
    inside = np.cumsum(steps[:-1], dtype=np.int8).view(np.bool_)
    return text[~inside].tobytes().decode("utf-8", "surrogatepass")


def _refuse_secrets(rendered: str, text: str) -> None:
    hidden = find(rendered)
    if hidden:
        raise CaptureRefused(f"it holds {hidden[0].kind} with tags or entities inside")
    whole = text.encode("utf-8", "replace")
    for finding in find(text):
        if whole[finding.start : finding.end].decode("utf-8", "replace") in rendered:
            raise CaptureRefused(f"it holds {finding.kind} that is found only in its text")


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
