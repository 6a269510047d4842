"""Servers as they are: what a browser reads is read, and what is refused has its reason."""

import asyncio
import gzip
import zlib
from asyncio import StreamWriter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import brotli
import pytest
from backports import zstd

from sources.http.fetch import ANY_TYPE, Client, FetchResult, Limits
from sources.http.network import Network
from tests.doubles.sites.plain_site import Request, RunningSite, page, running_site

BODY = page("Pumps").encode()
OK = b"HTTP/1.1 200 OK"
HTML = b"Content-Type: text/html"
SIZE = b"Content-Length: %d" % len(BODY)
BOMB = bytes(8_000_000)
"""Eight times the limit of `fetched`."""
CHUNKED = b"Transfer-Encoding: chunked"


def raw(*lines: bytes, body: bytes = BODY, end: bytes = b"\r\n") -> bytes:
    """Build a response of these lines as they are, and no others."""
    return end.join(lines) + end + end + body


def packed(encoding: str, body: bytes, kind: bytes = HTML) -> bytes:
    return raw(OK, kind, b"Content-Encoding: " + encoding.encode(), b"Content-Length: %d" % len(body), body=body)


@contextmanager
def site_of(replies: Mapping[str, bytes]) -> Iterator[RunningSite]:
    """Serve these bytes, each on its path; the connection is closed after each."""

    async def handle(request: Request, writer: StreamWriter) -> None:
        writer.write(replies[request.path])

    with running_site(handle) as site:
        yield site


def fetched(response: bytes, **limits: float) -> FetchResult:
    """Request a page from a server that answers with these bytes."""

    async def get(url: str) -> FetchResult:
        chosen = Limits("Test", timeout_s=limits.get("timeout_s", 5), max_bytes=int(limits.get("max_bytes", 1_000_000)))
        async with Client(chosen, Network.allowing(["127.0.0.1"])) as client:
            return await client.get(url)

    with site_of({"/": response}) as site:
        return asyncio.run(get(f"{site.home}/"))


HEADS = {
    "space in a name": raw(OK, HTML, SIZE, b"Content Policy: strict"),
    "slash in a name": raw(OK, HTML, SIZE, b"get-cache/forum.php: none"),
    "space before the colon": raw(OK, b"Content-Type : text/html", b"Content-Length : %d" % len(BODY)),
    "no name": raw(OK, HTML, SIZE, b": nothing"),
    "name that is not ASCII": raw(OK, HTML, SIZE, "Größe: 7".encode()),
    "no colon": raw(OK, b"a line of no meaning", HTML, SIZE),
    "bare line feeds": raw(OK, HTML, SIZE, end=b"\n"),
    "folded lines": raw(OK, b"Content-Type:", b"\ttext/html", SIZE),
    "no reason": raw(b"HTTP/1.1 200", HTML, SIZE),
    "spaces in the status line": raw(b"HTTP/1.1   200  OK", HTML, SIZE),
    "lower case": raw(b"http/1.1 200 ok", HTML, SIZE),
    "ICY": raw(b"ICY 200 OK", HTML),
    "blank lines first": b"\r\n\r\n" + raw(OK, HTML, SIZE),
    "HTTP/1.0 to the close": raw(b"HTTP/1.0 200 OK", HTML),
    "equal lengths": raw(OK, HTML, SIZE, SIZE),
    "a list of equal lengths": raw(OK, HTML, b"Content-Length: %d, %d" % (len(BODY), len(BODY))),
    "a length that is no number": raw(OK, HTML, b"Content-Length: many"),
    "chunk extensions": raw(
        OK, HTML, CHUNKED, body=b"%X ;a=b\r\n%s\r\n000;last\r\nTrailer: 1\r\n\r\n" % (len(BODY), BODY)
    ),
    "chunks with bare line feeds": raw(OK, HTML, CHUNKED, body=b"%x\n%s\n0\n\n" % (len(BODY), BODY)),
    "chunks and a length": raw(
        OK, HTML, CHUNKED, b"Content-Length: 3", body=b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    ),
    "nothing after the last chunk": raw(OK, HTML, CHUNKED, body=b"%x\r\n%s\r\n0\r\n" % (len(BODY), BODY)),
    "a long header": raw(OK, HTML, SIZE, b"Policy: " + b"x" * 200_000),
    "control characters": raw(OK, HTML, SIZE, b"X-A: a\0\x01b"),
    "early hints": raw(b"HTTP/1.1 103 Early Hints", b"Link: </a.css>", body=b"") + raw(OK, HTML, SIZE),
    "203": raw(b"HTTP/1.1 203 Non-Authoritative Information", HTML, SIZE),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_response_with_an_odd_head_is_read(name: str) -> None:
    """A whole site is lost if its servers send one such line with every page."""
    result = fetched(HEADS[name])
    assert (result.status, result.media_type, result.body) == ("ok", "text/html", BODY), result.detail


ENCODED = {
    "br": packed("br", brotli.compress(BODY)),
    "zstd": packed("zstd", zstd.compress(BODY)),
    "zstd frames": packed("zstd", zstd.compress(BODY[:50]) + zstd.compress(BODY[50:])),
    "deflate": packed("deflate", zlib.compress(BODY)),
    "raw deflate": packed("deflate", zlib.compress(BODY)[2:-4]),
    "two": packed("gzip, br", brotli.compress(gzip.compress(BODY))),
    "twice": packed("GZIP,x-gzip", gzip.compress(gzip.compress(BODY))),
    "none": packed("none", BODY),
    "utf-8": packed("UTF-8", BODY),
    "identity": packed("identity", BODY),
    "bytes after the end": packed("gzip", gzip.compress(BODY) + b"\0\0\r\n"),
    "part of a magic number after the end": packed("gzip", gzip.compress(BODY) + b"\x1f"),
    "bytes after the end of zstd": packed("zstd", zstd.compress(BODY) + b"\r\n"),
    "gzip without a header": raw(OK, HTML, body=gzip.compress(BODY)),
    "length of the unpacked body": raw(OK, HTML, SIZE, b"Content-Encoding: gzip", body=gzip.compress(BODY)),
}


@pytest.mark.parametrize("name", ENCODED)
def test_a_body_in_an_odd_encoding_is_unpacked(name: str) -> None:
    """Without it the page is lost, or its text is compressed noise."""
    result = fetched(ENCODED[name])
    assert (result.status, result.body) == ("ok", BODY), result.detail


@pytest.mark.parametrize(
    ("response", "status"),
    [
        (raw(OK, HTML, b"Content-Length: 5", b"Content-Length: 6"), "protocol_error"),
        (raw(OK, HTML, b"Content-Length: 99999"), "truncated"),
        (raw(OK, HTML, CHUNKED, body=b"%x\r\n%s\r\n" % (len(BODY), BODY)), "truncated"),
        (raw(OK, HTML, CHUNKED, body=b"many\r\n" + BODY), "truncated"),
        (raw(OK, HTML, CHUNKED, body=b"3\r\n" + BODY), "truncated"),
        (raw(OK, HTML, SIZE, b"Policy: " + b"x" * 400_000), "protocol_error"),
        (raw(b"HTTP/1.1 101 Switching Protocols", HTML), "protocol_error"),
        (b"hello\r\n\r\n", "protocol_error"),
        (b"HTTP/1.1 200 OK\r\nContent-Ty", "connection_lost"),
        (b"", "connection_lost"),
        (raw(b"HTTP/1.1 304 Not Modified", body=b""), "http_304"),
        (packed("gzip", BODY), "content_encoding"),
        (packed("br", BODY), "content_encoding"),
        (packed("zstd", BODY), "content_encoding"),
        (packed("compress", BODY), "content_encoding"),
        (packed(", ".join(["gzip"] * 9), BODY), "content_encoding"),
        (packed("br", brotli.compress(BODY)[:-9]), "truncated"),
        (packed("zstd", zstd.compress(BODY)[:-9]), "truncated"),
        (packed("br", brotli.compress(BOMB)), "too_large"),
        (packed("zstd", zstd.compress(BOMB)), "too_large"),
        (packed("gzip, gzip", gzip.compress(gzip.compress(BOMB))), "too_large"),
        (raw(OK, HTML, body=gzip.compress(BOMB)), "too_large"),
    ],
)  # fmt: skip
def test_what_no_browser_reads_has_its_reason(response: bytes, status: str) -> None:
    """A page that is cut, forged or too large must not look like a short page."""
    result = fetched(response)
    assert result.status == status and result.detail


XHTML = b'<?xml version="1.0"?>\n<!-- a --><!DOCTYPE html [ ]>\n<html xmlns="http://www.w3.org/1999/xhtml"><body>a</body></html>'


@pytest.mark.parametrize(
    ("content_type", "body", "media_type"),
    [
        (b"text/html charset=utf-8", BODY, "text/html"),
        (b"text/html, text/html; charset=utf-8", BODY, "text/html"),
        (b'"text/html"; charset=utf-8', BODY, "text/html"),
        (b"html", BODY, "text/html"),
        (b"*/*", b"\xef\xbb\xbf \n<!-- a comment --><p>text", "text/html"),
        (b"TEXT/HTML;charset", BODY, "text/html"),
        (b"", b"plain words", "text/plain"),
        (b"", XHTML, "application/xhtml+xml"),
        (b"application/xml", XHTML, "application/xhtml+xml"),
        (b"text/xml", b"\xef\xbb\xbf" + XHTML, "application/xhtml+xml"),
    ],
)
def test_an_odd_content_type_is_read_as_browsers_read_it(content_type: bytes, body: bytes, media_type: str) -> None:
    """Servers forget the semicolon, repeat the type, quote it, or send none."""
    result = fetched(raw(OK, b"Content-Type: " + content_type, body=body))
    assert (result.status, result.media_type) == ("ok", media_type)


@pytest.mark.parametrize("content_type", [b"application/pdf", b"text/plain", b""])
def test_a_pdf_is_a_page_of_its_own_type(content_type: bytes) -> None:
    """A PDF with a wrong or missing type must be read as a PDF, not as text."""
    result = fetched(raw(OK, b"Content-Type: " + content_type, body=b"%PDF-1.7"))
    assert (result.status, result.media_type) == ("ok", "application/pdf")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (b"application/zip", b"PK\x03\x04"),
        (b"text/plain", b"\x89PNG\r\n\x1a\n"),
        (b"", b"\x89PNG\r\n\x1a\n"),
        (b"", bytes(range(32)) * 9),
        (b"application/rss+xml", b"<?xml version='1.0'?><rss/>"),
        (b"text/xml", b"<?xml version='1.0'?>" + b"<!---->" * 20_000 + b"<rss/>"),
    ],
)
def test_what_is_no_page_is_refused_by_its_type(content_type: bytes, body: bytes) -> None:
    """Bytes of an archive or a picture must not become text."""
    result = fetched(raw(OK, b"Content-Type: " + content_type, body=body))
    assert result.status == "content_type" and result.detail


@pytest.mark.parametrize("etag", ['"стр-1"'.encode(), b'"caf\xe9-1"', b'W/"a"'])
async def test_a_validator_is_sent_back_byte_by_byte(etag: bytes) -> None:
    """A page whose ETag is not ASCII would fail on every later night."""
    received = []

    async def handle(reader: asyncio.StreamReader, writer: StreamWriter) -> None:
        received.append(await reader.readuntil(b"\r\n\r\n"))
        same = b"If-None-Match: " + etag in received[-1]
        writer.write(raw(b"HTTP/1.1 304 Same" if same else OK, HTML, b"ETag: " + etag, body=b"" if same else BODY))
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with Client(Limits("Test"), Network.allowing(["127.0.0.1"])) as client:
        first = await client.get(url)
        second = await client.get(url, etag=first.headers["etag"], last_modified="gestern abend é\r\nX-Forged: 1")
    server.close()
    assert (first.status, second.status) == ("ok", "not_modified")
    assert b"\r\nX-Forged" not in received[1]


async def test_a_cookie_that_a_redirect_sets_comes_back() -> None:
    """Some sites redirect a page to itself until the cookie comes back; others would loop for ever."""

    async def handle(request: Request, writer: StreamWriter) -> None:
        if "seen=1" in request.headers.get("cookie", ""):
            writer.write(raw(OK, HTML, b"Set-Cookie: page=1", body=BODY))
        else:
            cookie = b"Set-Cookie: seen=1; Path=/" if request.path == "/cookie" else b"X: none"
            writer.write(raw(b"HTTP/1.1 302 Found", b"Location: " + request.path.encode(), cookie, body=b""))

    with running_site(handle) as site:
        async with Client(Limits("Test"), Network.allowing(["127.0.0.1"])) as client:
            loop = await client.get(f"{site.home}/loop")
            page_with_cookie = await client.get(f"{site.home}/cookie")
            await client.get(f"{site.home}/later")
    assert (loop.status, page_with_cookie.status) == ("redirected", "ok")
    assert [request.headers.get("cookie") for request in site.requests] == [None, None, "seen=1", "seen=1"]


async def test_a_connection_is_used_again_and_a_stale_one_is_replaced() -> None:
    """A connection a page would cost a handshake a page; a server may close an idle one at any moment."""
    connections: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: StreamWriter) -> None:
        connections.append(0)
        while connections[-1] < 3 and await reader.readuntil(b"\r\n\r\n"):
            connections[-1] += 1
            writer.write(raw(OK, b"Content-Type: text/plain", b"Content-Length: 2", body=b"ok"))
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with Client(Limits("Test"), Network.allowing(["127.0.0.1"])) as client:
        results = [await client.get(url, types=ANY_TYPE) for _ in range(5)]
    server.close()
    assert [result.status for result in results] == ["ok"] * 5
    assert connections == [3, 2]


async def test_an_ipv6_address_is_connected_to() -> None:
    """Hosts with only an IPv6 address are part of the web."""

    async def handle(reader: asyncio.StreamReader, writer: StreamWriter) -> None:
        assert b"Host: [::1]:" in await reader.readuntil(b"\r\n\r\n")
        writer.write(raw(OK, HTML))
        writer.close()

    try:
        server = await asyncio.start_server(handle, "::1", 0)
    except OSError:
        pytest.skip("this machine has no IPv6 on loopback")
    port = server.sockets[0].getsockname()[1]
    for allowed, status in (("::1", "ok"), ("127.0.0.1", "private_address")):
        async with Client(Limits("Test"), Network.allowing([allowed])) as client:
            assert (await client.get(f"http://[::1]:{port}/")).status == status
    server.close()
