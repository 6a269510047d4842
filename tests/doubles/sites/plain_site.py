"""A small friendly site on loopback that remembers what it was asked: a tree of pages, ETags, robots.txt, a sitemap."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Serve = Callable[["Asked", asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Asked:
    """One request, as the site saw it."""

    path: str
    headers: dict[str, str]
    at: float
    """monotonic seconds"""


@dataclass
class Served:
    """A running site: where it stands and what it was asked."""

    port: int = 0
    asked: list[Asked] = field(default_factory=list)

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]


@contextmanager
def serving(serve: Serve, also_at: str | None = None) -> Iterator[Served]:
    """Run a site whose every reply is written byte by byte by `serve`; `also_at` is a second loopback address."""
    site, ready = Served(), threading.Event()
    loop = asyncio.new_event_loop()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if ": " in line)
            asked = Asked(head[0].split(" ")[1], headers, time.monotonic())
            site.asked.append(asked)
            await serve(asked, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        site.port = server.sockets[0].getsockname()[1]
        if also_at:
            await asyncio.start_server(answer, also_at, site.port)
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


def reply(body: bytes | str, kind: str = "text/html; charset=utf-8", status: str = "200 OK", **headers: str) -> bytes:
    """A whole HTTP reply; header names with underscores for hyphens."""
    content = body.encode() if isinstance(body, str) else body
    given = {"Content-Type": kind, "Content-Length": str(len(content)), "Connection": "close"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


def page(title: str, *links: str, words: str = "") -> str:
    """An article with a few sentences of its own, and links."""
    text = words or " ".join(f"The {title} page says its sentence number {n} in so many words." for n in range(8))
    anchors = "".join(f'<li><a href="{link}">to {link}</a></li>' for link in links)
    body = f"<h1>{title}</h1><p>{text}</p><ul>{anchors}</ul>"
    return f"<html lang=en><head><title>{title}</title></head><body>{body}</body></html>"


ROBOTS = "User-agent: *\nDisallow: /denied\n"
BRANCHES, LEAVES = 4, 5


def tree() -> dict[str, str]:
    """Path → page: a home page, branches, leaves below them, and one page that only the sitemap knows."""
    pages = {"/": page("Home", "/denied", *(f"/branch/{b}#top" for b in range(BRANCHES)))}
    for b in range(BRANCHES):
        leaves = [f"/leaf/{b}/{n}" for n in range(LEAVES)]
        pages[f"/branch/{b}"] = page(f"Branch {b}", "/", *leaves)
        pages |= {leaf: page(f"Leaf {leaf}", f"/branch/{(b + 1) % BRANCHES}") for leaf in leaves}
    return pages | {"/hidden": page("Hidden")}


@contextmanager
def plain_site(robots: str = ROBOTS) -> Iterator[Served]:
    """Serve the tree; every page has an ETag and is not sent again to those that have it."""
    pages = tree()

    async def serve(asked: Asked, writer: asyncio.StreamWriter) -> None:
        etag = f'"{len(asked.path)}-1"'
        if asked.path == "/robots.txt":
            writer.write(reply(robots, "text/plain"))
        elif asked.path == "/sitemap.xml":
            listed = f"<urlset><url><loc>http://{asked.headers['host']}/hidden</loc></url></urlset>"
            writer.write(reply(listed, "application/xml"))
        elif asked.path not in pages:
            writer.write(reply("nothing here", status="404 Not Found"))
        elif asked.headers.get("if-none-match") == etag:
            writer.write(reply(b"", status="304 Not Modified", ETag=etag))
        else:
            writer.write(reply(pages[asked.path], ETag=etag))

    with serving(serve) as site:
        yield site
