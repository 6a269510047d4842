"""A site with every fault that a crawler can encounter: traps, bombs, wrong headers, silence. One path per fault."""

import asyncio
import gzip
import random
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.doubles.sites.plain_site import Request, RunningSite, page, response, running_site

ELSEWHERE = "127.0.0.2"
"""A second loopback address, which the tests do not allow."""
BOMB_BYTES = 10 * 1024**3
MEMBER = gzip.compress(bytes(16 * 1024**2), 9)
MANY_LINKS = 200_000
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"
RUSSIAN = "Маяк стоит на скале и светит кораблям каждую ночь. Смотритель поднимается по лестнице. " * 6

EXPECTED = {
    "/": "ok",
    "/loop/a": "ok",
    "/loop/b": "ok",
    "/bomb": "too_large",
    "/declared-large": "too_large",
    "/to-private": "redirected",
    "/to-outside": "redirect_denied",
    "/to-itself": "redirect_limit",
    "/ring/a": "redirected",
    "/ring/b": "redirected",
    "/hops/0": "redirected",
    "/hops/3": "redirect_limit",
    "/utf8-called-latin": "ok",
    "/cyrillic-called-utf8": "bad_encoding",
    "/noise": "bad_encoding",
    "/many": "ok",
    "/drip": "timeout",
    "/silent": "timeout",
    "/busy": "ok",
    "/busy-for-long": "http_429",
    "/broken": "http_500",
    "/missing": "http_404",
    "/reset": "connection_lost",
    "/truncated": "truncated",
    "/cut-gzip": "truncated",
    "/no-gzip": "content_encoding",
    "/brotli": "truncated",
    "/huge-header": "protocol_error",
    "/no-http": "protocol_error",
    "/pdf": "damaged",
    "/zip": "content_type",
    "/empty": "extraction_empty",
    "/deep": "ok",
    "/denied/page": "robots_denied",
    "/calendar/1": "ok",
}
"""Path → its status, with 2 retries and at most 3 redirects."""


@contextmanager
def hostile_site() -> Iterator[RunningSite]:
    """Serve the site on 127.0.0.1, and on 127.0.0.2, which the crawl must not reach."""
    tries = Counter[str]()

    async def handle(request: Request, writer: asyncio.StreamWriter) -> None:
        tries[request.path] += 1
        path, home = request.path, request.headers["host"].partition(":")
        if home[0] == ELSEWHERE:
            writer.write(response(page("Secret")))
        elif path in BODIES:
            writer.write(BODIES[path])
        elif path == "/to-private":
            writer.write(_redirect(f"http://{ELSEWHERE}:{home[2]}/secret"))
        elif path.startswith(("/hops/", "/calendar/")):
            following = path.rpartition("/")[0] + f"/{int(path.rpartition('/')[2]) + 1}"
            writer.write(_redirect(following) if path.startswith("/hops") else response(page(path, following)))
        elif path == "/busy" and tries[path] < 3:
            writer.write(response("later", status="429 Too Many Requests", Retry_After="0"))
        elif path == "/busy":
            writer.write(response(page("Busy no more")))
        else:
            await _slowly(path, writer)

    with running_site(handle, second_address=ELSEWHERE) as site:
        yield site


async def _slowly(path: str, writer: asyncio.StreamWriter) -> None:
    if path == "/bomb":
        writer.write(HEAD + b"Content-Encoding: gzip\r\n\r\n")
        for _ in range(BOMB_BYTES // (16 * 1024**2)):
            writer.write(MEMBER)
            await writer.drain()
    elif path == "/drip":
        writer.write(HEAD + b"\r\n<html><body>")
        while not writer.is_closing():
            writer.write(b"x ")
            await writer.drain()
            await asyncio.sleep(0.1)
    elif path == "/silent":
        await asyncio.sleep(60)
    elif path == "/reset":
        raw = writer.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    else:
        writer.write(response(page("Any", "/"), status="404 Not Found"))


def _redirect(to: str) -> bytes:
    return response(b"", status="302 Found", Location=to)


def _many() -> str:
    return "<html><title>Many</title><p>So many.</p>" + "".join(f"<a href=m/{n}>x</a>" for n in range(MANY_LINKS))


BODIES = {
    "/robots.txt": response("User-agent: *\nDisallow: /denied\n", "text/plain"),
    "/": response(page("Traps", *(path for path in EXPECTED if path not in ("/", "/hops/3")))),
    "/loop/a": response(page("Loop A", "/loop/b", "/loop/a", "/loop/a#again", "./a", "/loop/../loop/b")),
    "/loop/b": response(page("Loop B", "/loop/a", "/loop/b")),
    "/declared-large": HEAD + b"Content-Length: 99999999999\r\n\r\n",
    "/to-outside": _redirect("http://203.0.113.9/"),
    "/to-itself": _redirect("/to-itself"),
    "/ring/a": _redirect("/ring/b"),
    "/ring/b": _redirect("/ring/a"),
    "/utf8-called-latin": response(page("Café", words=RUSSIAN), "text/html; charset=iso-8859-1"),
    "/cyrillic-called-utf8": response(page("Маяк", words=RUSSIAN).encode("cp1251"), "text/html; charset=utf-8"),
    "/noise": response(random.Random(7).randbytes(20_000), "text/html; charset=utf-8"),
    "/many": response(_many()),
    "/busy-for-long": response("later", status="429 Too Many Requests", Retry_After="86400"),
    "/broken": response("oh", status="500 Internal Server Error"),
    "/truncated": HEAD + b"Content-Length: 5000\r\n\r\n<html><body>half a",
    "/cut-gzip": HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(page("Cut").encode())[:-30],
    "/no-gzip": response(page("Plain"), Content_Encoding="gzip"),
    "/brotli": response(b"\x0b\x02\x80", Content_Encoding="br"),
    "/huge-header": HEAD + b"X-Filler: " + b"y" * 1_000_000 + b"\r\n\r\nhi",
    "/no-http": b"\x00\x01\x02 hello, who is there?\r\n\r\n",
    "/pdf": response(b"%PDF-1.7", "application/pdf"),
    "/zip": response(b"PK\x03\x04", "application/zip"),
    "/empty": response("<html><body>  </body></html>"),
    "/deep": response("<html><title>Deep</title><body>" + "<div>" * 50_000 + "the innermost text" + "</div>" * 50_000),
}
