"""Normalises urls, so that two spellings of one address are one url, fetched and counted once.

Also holds the scope of a crawl: seeds, links, sitemaps and redirects are all admitted by the same rule.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

import idna

MAX_URL_CHARS = 2_000
FILE = "file:"
DEFAULT_PORTS = {"http": 80, "https": 443}

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PATH_SAFE = _UNRESERVED | frozenset(b"!$&'()*+,;=:@/")
_QUERY_SAFE = _PATH_SAFE | frozenset(b"?")
_STRAY = re.compile(r"[\t\r\n]")
_AROUND = "".join(map(chr, range(33)))
KEPT_URLS = 8_192
"""Urls whose normal form is kept, some megabytes: the pages of a site link to the same ones."""
_ENCODED = re.compile(rb"%([0-9A-Fa-f]{2})")
_PLAIN = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/-]*")
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]")


def normalise(url: str, within: str | None = None) -> str | None:
    """Return the normal form of an http(s) url, resolved against the page `within`; None if it cannot be fetched.

    Within a file: url, other files have normal forms, too: a link between two files is a link between two pages.

    Scheme and host become lower case; fragment, default port and dot segments are removed; percent-encoding is
    upper case and only where needed (RFC 3986, 2005). Urls with credentials give None. Idempotent.
    """
    try:
        joined = urljoin(within, _clean(url)) if within else _clean(url)
        form = _kept_form if len(joined) <= MAX_URL_CHARS else _normal_form  # a data: url may have megabytes
        return form(joined, from_file=within is not None and within.startswith(FILE))
    except (ValueError, idna.IDNAError):
        return None


def _normal_form(joined: str, *, from_file: bool) -> str | None:
    """Return the normal form of an absolute url. Raises ValueError or IDNAError on one that is malformed."""
    parts = urlsplit(joined)
    scheme, port = parts.scheme.lower(), parts.port
    if scheme == "file" and from_file and not parts.netloc:
        return _file_url(parts.path)
    if scheme not in DEFAULT_PORTS or "@" in parts.netloc or not parts.hostname:
        return None
    host = _host(parts.hostname)
    netloc = host if port in (None, DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    path = _without_dots(_encode(parts.path, _PATH_SAFE)) or "/"
    normal = urlunsplit((scheme, netloc, path, _encode(parts.query, _QUERY_SAFE), ""))
    return normal if len(normal) <= MAX_URL_CHARS else None


_kept_form = lru_cache(KEPT_URLS)(_normal_form)


def host_of(url: str) -> str:
    """Return `host` or `host:port` of a normalised url."""
    return url.split("/", 3)[2]


def origin_of(url: str) -> str:
    """Return `scheme://host:port` of a normalised url: the scope of one robots.txt and one rate limit."""
    return "/".join(url.split("/", 3)[:3])


class NotCrawlable(Exception):
    """The settings name something that cannot be crawled. The message names key and value, and the remedy."""


@dataclass(frozen=True)
class Scope:
    """The urls of a crawl: those that match a pattern of `allow` (if empty: a host of `hosts`) and none of `deny`."""

    hosts: frozenset[str]
    allow: tuple[re.Pattern[str], ...] = ()
    deny: tuple[re.Pattern[str], ...] = ()

    @classmethod
    def around(cls, starts: Iterable[str], allow: Iterable[str], deny: Iterable[str]) -> "Scope":
        """Build the scope of a crawl that starts at these urls. Raises NotCrawlable on an invalid pattern."""
        normal = (normalise(url) for url in starts)
        hosts = frozenset(host_of(url) for url in normal if url)
        return cls(hosts, _compiled("allow", allow), _compiled("deny", deny))

    def admits(self, url: str) -> bool:
        """True if the normalised url belongs to the crawl."""
        return (bool(self.allow) or host_of(url) in self.hosts) and self.is_open_to(url)

    def is_open_to(self, url: str) -> bool:
        """True if no pattern excludes the normalised url, whatever its host."""
        if self.deny and any(pattern.search(url) for pattern in self.deny):
            return False
        return not self.allow or any(pattern.search(url) for pattern in self.allow)

    def with_host(self, host: str) -> "Scope":
        """Return the scope with one more host."""
        return Scope(self.hosts | {host}, self.allow, self.deny)


def _compiled(key: str, patterns: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(re.compile(pattern))
        except re.error as error:
            raise NotCrawlable(f"crawl.{key}: {pattern!r} is not a regular expression ({error})") from error
    return tuple(compiled)


def _clean(url: str) -> str:
    text = _STRAY.sub("", url.strip(_AROUND))
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()
    if "\\" not in text:
        return text
    head, mark, query = text.partition("?")
    return head.replace("\\", "/") + mark + query


def _file_url(path: str) -> str | None:
    """Return the url that `Path.as_uri` gives for this path."""
    url = f"file://{quote(unquote_to_bytes(_without_dots(path)))}"
    return url if len(url) <= MAX_URL_CHARS else None


def _host(name: str) -> str:
    if ":" in name:
        host = f"[{name.lower()}]"
    else:
        host = name.lower() if name.isascii() else idna.encode(name, uts46=True).decode()
    if not _HOST.fullmatch(host):
        raise ValueError(f"{name!r} is not a host name")
    return host


def _encode(text: str, safe: frozenset[int]) -> str:
    """Percent-encode unsafe characters, decode escapes of unreserved ones, and keep all other escapes."""
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
    resolved: list[str] = []
    segments = path.split("/")
    for segment in segments:
        if segment == "..":
            if len(resolved) > 1:
                resolved.pop()
        elif segment != ".":
            resolved.append(segment)
    if segments[-1] in (".", ".."):
        resolved.append("")
    return "/".join(resolved)
