"""Several small sites on loopback, each a host of its own, whose pages link to each other across hosts."""

from asyncio import StreamWriter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.doubles.sites.plain_site import Handler, Request, RunningSite, page, response, running_site

ROBOTS = "User-agent: *\nDisallow: /denied\nSitemap: {home}/map.xml\n"
DEPTH = 6
"""Pages of the longest way from a start url: each one lies on the next host."""


@dataclass(frozen=True)
class LinkedHosts:
    """The running sites."""

    sites: Sequence[RunningSite]
    pages: dict[str, str]
    """address → page, of all hosts; a test may change it"""

    @property
    def homes(self) -> list[str]:
        return [f"{site.home}/" for site in self.sites]

    def requests(self) -> list[str]:
        """All requested addresses."""
        return [f"{site.home}{request.path}" for site in self.sites for request in site.requests]

    def forget(self) -> None:
        """Begin to record anew."""
        for site in self.sites:
            site.requests.clear()


@contextmanager
def linked_hosts(count: int) -> Iterator[LinkedHosts]:
    """Run so many sites; conditional requests of pages that did not change are answered with 304."""
    pages = dict[str, str]()
    with ExitStack() as stack:
        sites = [stack.enter_context(running_site(_handler(pages))) for _ in range(count)]
        homes = [site.home for site in sites]
        for number in range(count):
            pages.update(_pages(homes, number))
        yield LinkedHosts(sites, pages)


def _pages(homes: Sequence[str], number: int) -> dict[str, str]:
    """The pages of one host: its home, a chain that winds over all hosts, a page of the sitemap, redirects."""
    own, after = homes[number], homes[(number + 1) % len(homes)]
    found = {
        f"{own}/": page(f"Home {number}", f"{own}/step/0", f"{after}/side", f"{own}/denied", f"{own}/moved"),
        f"{own}/side": page(f"Side {number}", f"{after}/side", f"{own}/missing", f"{after}/private/x"),
        f"{own}/mapped": page(f"Mapped {number}", f"{after}/step/2"),
        f"{own}/target": page(f"Target {number}", f"{after}/"),
        f"{own}/private/x": page(f"Private {number}"),
    }
    for step in range(DEPTH):
        found[f"{own}/step/{step}"] = page(f"Step {number} {step}", f"{after}/step/{step + 1}", f"{own}/side")
    return found | {f"{own}/moved": f"->{after}/target"}


def _handler(pages: dict[str, str]) -> Handler:
    async def handle(request: Request, writer: StreamWriter) -> None:
        home = f"http://{request.headers['host']}"
        found = pages.get(f"{home}{request.path}")
        if request.path == "/robots.txt":
            writer.write(response(ROBOTS.format(home=home), "text/plain"))
        elif request.path == "/map.xml":
            listed = f"<urlset><url><loc>{home}/mapped</loc></url></urlset>"
            writer.write(response(listed, "application/xml"))
        elif found is None:
            writer.write(response("nothing here", status="404 Not Found"))
        elif found.startswith("->"):
            writer.write(response(b"", status="302 Found", Location=found[2:]))
        else:
            etag = f'"{hash(found)}"'
            is_known = request.headers.get("if-none-match") == etag
            status = "304 Not Modified" if is_known else "200 OK"
            writer.write(response(b"" if is_known else found, status=status, ETag=etag))

    return handle
