"""A small site on loopback without faults: a tree of pages, ETags, robots.txt, a sitemap. It records all requests."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Handler = Callable[["Request", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    """One received request."""

    path: str
    headers: dict[str, str]
    at: float
    """time of arrival on the monotonic clock, in seconds"""


@dataclass
class RunningSite:
    """A running site: its port on 127.0.0.1, and the requests received so far."""

    port: int = 0
    requests: list[Request] = field(default_factory=list)

    @property
    def home(self) -> str:
        """The site's address, without a final slash."""
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        """Return the requested paths of pages in order, without those that are requested once a site."""
        of_site = ("/robots.txt", "/.well-known/tdmrep.json", "/no-such-page-")
        return [request.path for request in self.requests if not request.path.startswith(of_site)]


@contextmanager
def running_site(handle: Handler, second_address: str | None = None) -> Iterator[RunningSite]:
    """Run a site whose responses are written by `handle`, as bytes; `second_address` is another loopback address."""
    site, ready = RunningSite(), threading.Event()
    loop = asyncio.new_event_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            request = Request(head[0].split(" ")[1], headers, time.monotonic())
            site.requests.append(request)
            await handle(request, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        site.port = server.sockets[0].getsockname()[1]
        if second_address:
            await asyncio.start_server(answer, second_address, site.port)
        ready.set()

    def work() -> None:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(run())
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield site
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def response(
    body: bytes | str, media_type: str = "text/html; charset=utf-8", status: str = "200 OK", **headers: str
) -> bytes:
    """Build a complete HTTP response. Header names have underscores in place of hyphens."""
    content = body.encode() if isinstance(body, str) else body
    given = {"Content-Type": media_type, "Content-Length": str(len(content)), "Connection": "close"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def page(title: str, *links: str, words: str = "") -> str:
    """Build an article with a few sentences and links."""
    text = words or " ".join(f"The {title} page has its sentence number {n} in so many words." for n in range(8))
    anchors = "".join(f'<li><a href="{link}">to {link}</a></li>' for link in links)
    body = f"<h1>{title}</h1><p>{text}</p><ul>{anchors}</ul>"
    return f"<html lang=en><head><title>{title}</title></head><body>{body}</body></html>"


ROBOTS = "User-agent: *\nDisallow: /denied\n"
BRANCHES, LEAVES = 4, 5


def tree() -> dict[str, str]:
    """Path → page: a home page, branches, their leaves, and one page that only the sitemap lists."""
    pages = {"/": page("Home", "/denied", *(f"/branch/{b}#top" for b in range(BRANCHES)))}
    for b in range(BRANCHES):
        leaves = [f"/leaf/{b}/{n}" for n in range(LEAVES)]
        pages[f"/branch/{b}"] = page(f"Branch {b}", "/", *leaves)
        pages |= {leaf: page(f"Leaf {leaf}", f"/branch/{(b + 1) % BRANCHES}") for leaf in leaves}
    return pages | {"/hidden": page("Hidden")}


@contextmanager
def plain_site(robots: str = ROBOTS) -> Iterator[RunningSite]:
    """Serve the tree. Every page has an ETag and answers a matching conditional request with 304."""
    pages = tree()

    async def handle(request: Request, writer: asyncio.StreamWriter) -> None:
        etag = f'"{len(request.path)}-1"'
        if request.path == "/robots.txt":
            writer.write(response(robots, "text/plain"))
        elif request.path == "/sitemap.xml":
            listed = f"<urlset><url><loc>http://{request.headers['host']}/hidden</loc></url></urlset>"
            writer.write(response(listed, "application/xml"))
        elif request.path not in pages:
            writer.write(response("nothing here", status="404 Not Found"))
        elif request.headers.get("if-none-match") == etag:
            writer.write(response(b"", status="304 Not Modified", ETag=etag))
        else:
            writer.write(response(pages[request.path], ETag=etag))

    with running_site(handle) as site:
        yield site
