"""What of a reply may be kept as it came: credentials never, and of secrets in the page as little as of its text.

A page's source says more than its text does: comments, scripts, attributes. So it is searched by itself, and
again as a reader sees it; what cannot be replaced exactly where it stands is a reason to keep nothing.
"""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

from sources.archive.warc import ORIGINAL, response_record
from sources.archive.warc_files import Place, WarcFiles
from sources.http.fetch import Reply
from sources.privacy.redaction import count_kinds, find, redact
from sources.text.charset import Unreadable, decode

_CREDENTIALS = re.compile(r"cookie|auth|token|session|secret|csrf|xsrf|credential|signature|passw|api-?key|^proxy-")
_OURS = ORIGINAL.lower()
_TAG = re.compile(r"<[^<>]*>")


class NotKept(Exception):
    """Why a raw reply is not kept, in words for the document's detail."""


@dataclass(frozen=True)
class Kept:
    """Where a raw reply stands, or why it is not kept."""

    place: Place | None = None
    detail: str | None = None


NOTHING_KEPT = Kept()


@dataclass(frozen=True)
class Keeper:
    """Keeps raw replies; `redact` is the crawl's."""

    files: WarcFiles
    redact: bool = True

    async def keep(self, url: str, reply: Reply, secretive: str = "") -> Kept:
        """Keep a reply whose body was read, off the event loop; raises WarcError when the disk takes no more.

        `secretive` is the text that was read out of it, where redaction changes that.
        """
        return await asyncio.to_thread(self._keep, url, reply, secretive)

    def _keep(self, url: str, reply: Reply, secretive: str) -> Kept:
        headers, body = without_credentials(reply.headers), reply.body
        if self.redact:
            try:
                headers, body = _without_secrets(headers, body, secretive)
            except NotKept as refusal:
                return Kept(detail=f"raw reply not kept: {refusal}")
        return Kept(self.files.append(response_record(url, reply.code or 200, headers, body)))


def without_credentials(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers without those that carry sessions, cookies or keys, by their names, and those that only we write."""
    lower = ((name.lower(), name) for name in headers)
    return {name: headers[name] for low, name in lower if not (_CREDENTIALS.search(low) or low.startswith(_OURS))}


def _without_secrets(headers: Mapping[str, str], body: bytes, text: str) -> tuple[dict[str, str], bytes]:
    cleaned, counts = body_without_secrets(body, headers.get("content-type", ""), text)
    found = zip(headers.items(), count_kinds(list(headers.values())), strict=True)
    safe = {name: redact(value)[0] if kinds else value for (name, value), kinds in found}
    if counts:
        safe["x-crawl-redacted"] = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
    return safe, cleaned


def body_without_secrets(body: bytes, content_type: str, text: str) -> tuple[bytes, dict[str, int]]:
    """The body with placeholders for what was found, and how many of each kind; every other byte as it came.

    Raises NotKept when something is found that cannot be replaced where it stands, or nothing can be searched:
    behind entities, percent signs or tags, in another encoding than UTF-8, or in no text at all.
    """
    try:
        source = decode(body, content_type)
        cleaned, counts = redact(source)
        if counts and source.encode() != body:
            raise NotKept(f"it holds {_said(counts)} in an encoding that is not rewritten")
        _refuse_secrets("\n\x1e\n".join(_renderings(cleaned)), text)
    except (Unreadable, ValueError) as error:  # an entity of ten thousand digits is a ValueError
        raise NotKept(f"it cannot be searched for secrets: {str(error)[:200]}") from error
    return (cleaned.encode() if counts else body), counts


def _renderings(source: str) -> Iterator[str]:
    """The source as those see it who undo entities and percent signs, or read between the tags."""
    plain = unquote(unescape(source))
    if plain != source:
        yield plain
    yield unescape(_TAG.sub("", source))


def _refuse_secrets(seen: str, text: str) -> None:
    hidden = find(seen)
    if hidden:
        raise NotKept(f"it holds {hidden[0].kind} that is spelt in pieces or in entities")
    whole = text.encode("utf-8", "replace")
    for one in find(text):
        if whole[one.start : one.end].decode("utf-8", "replace") in seen:
            raise NotKept(f"it holds {one.kind} that is found in its text only")


def _said(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
