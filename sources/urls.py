"""Urls as identity: two spellings of one address must be one url, or a page is fetched and counted twice.

Also decides which urls a crawl may ask for at all, so that every place that meets a url (seed, link,
sitemap, redirect) applies the same rule.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit, urlunsplit

import idna

MAX_URL_CHARS = 2_000
DEFAULT_PORTS = {"http": 80, "https": 443}

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = _UNRESERVED | frozenset(b"!$&'()*+,;=:@/")
_QUERY_SAFE = _PATH_SAFE | frozenset(b"?")
_STRAY = re.compile(r"[\t\r\n]")
_ENCODED = re.compile(rb"%([0-9A-Fa-f]{2})")
_PLAIN = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/-]*")
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")


def normalise(url: str, within: str | None = None) -> str | None:
    """The one spelling of an http(s) url, resolved against the page it stands in; None for what cannot be fetched.

    Fragment and credentials-bearing urls go, scheme and host are lower case, default ports and dot segments
    vanish, percent-encoding is upper case and only where needed. Applying it twice changes nothing.
    """
    try:
        joined = urljoin(within, _clean(url)) if within else _clean(url)
        parts = urlsplit(joined)
        scheme, port = parts.scheme.lower(), parts.port
        if scheme not in DEFAULT_PORTS or "@" in parts.netloc or not parts.hostname:
            return None
        host = _host(parts.hostname)
        netloc = host if port in (None, DEFAULT_PORTS[scheme]) else f"{host}:{port}"
        path = _without_dots(_encode(parts.path, _PATH_SAFE)) or "/"
        spelt = urlunsplit((scheme, netloc, path, _encode(parts.query, _QUERY_SAFE), ""))
    except (ValueError, idna.IDNAError):
        return None
    return spelt if len(spelt) <= MAX_URL_CHARS else None


def host_of(url: str) -> str:
    """`host` or `host:port` of a normalised url: the unit of politeness."""
    return urlsplit(url).netloc


def origin_of(url: str) -> str:
    """`scheme://host:port` of a normalised url: what one robots.txt speaks for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class NotCrawlable(Exception):
    """What the settings ask for cannot be crawled; the message names key and value and says what to do."""


@dataclass(frozen=True)
class Scope:
    """Which urls belong to a crawl: one of `allow` (or, with none, one of `hosts`) and none of `deny`."""

    hosts: frozenset[str]
    allow: tuple[re.Pattern[str], ...] = ()
    deny: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def around(cls, starts: Iterable[str], allow: Iterable[str], deny: Iterable[str]) -> "Scope":
        """The scope of a crawl that starts at these urls; raises NotCrawlable on a bad regular expression."""
        known = (normalise(url) for url in starts)
        hosts = frozenset(host_of(url) for url in known if url)
        return cls(hosts, _compiled("allow", allow), _compiled("deny", deny))

    def admits(self, url: str) -> bool:
        """Whether the normalised url may be fetched."""
        if any(pattern.search(url) for pattern in self.deny):
            return False
        if self.allow:
            return any(pattern.search(url) for pattern in self.allow)
        return host_of(url) in self.hosts


def _compiled(key: str, patterns: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(re.compile(pattern))
        except re.error as error:
            raise NotCrawlable(f"crawl.{key}: {pattern!r} is not a regular expression ({error})") from error
    return tuple(compiled)


def _clean(url: str) -> str:
    text = _STRAY.sub("", url.strip("".join(map(chr, range(33)))))
    text = text.encode("utf-8", "replace").decode()
    head, mark, query = text.partition("?")
    return head.replace("\\", "/") + mark + query


def _host(name: str) -> str:
    if ":" in name:
        host = f"[{name.lower()}]"
    else:
        host = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()
    if not _HOST.fullmatch(host):
        raise ValueError(f"{name!r} is not a host name")
    return host


def _encode(text: str, safe: frozenset[int]) -> str:
    """Percent-encode what must be, decode what need not be, and leave other escapes as they are."""
    if _PLAIN.fullmatch(text):
        return text
    pieces = _ENCODED.split(text.encode())
    out = []
    for index, piece in enumerate(pieces):
        if index % 2:
            byte = int(piece, 16)
            out.append(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}")
        else:
            out.extend(chr(byte) if byte in safe else f"%{byte:02X}" for byte in piece)
    return "".join(out)


def _without_dots(path: str) -> str:
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(kept) > 1:
                kept.pop()
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/".join(kept)
