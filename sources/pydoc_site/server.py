"""A real site on every machine: Python's own documentation server, run as a child on loopback.

It is crawled as any site is. Its urls name a host that does not depend on the port it got, so that a page
keeps its identity from night to night. The child sees a bare environment: pydoc prints the values it
finds in modules, and the environment holds what must not end in a page.
"""

import re
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sources.text.extract import Layout

HOST = "pydoc.localhost"
SEEDS = tuple(f"http://{HOST}/{page}" for page in ("topics.html", "keywords.html", "index.html"))
ADDRESS = "127.0.0.1"
LICENSE = "PSF-2.0"
DENY = (
    # private modules, tests, and those that act when they are imported, as documenting them does
    rf"^http://{HOST}/_(?!_future__)",
    rf"^http://{HOST}/(?:.*\.)?(?:tests?|idlelib|turtledemo|lib2to3|pydoc_data|__main__|antigravity|this)\b",
    rf"^http://{HOST}/(?:get|search)\?",
    rf"^http://{HOST}/(?!topic\?)[^.]*$",
)
LAYOUT = Layout(
    drop=("body > div[style*=float]", "td.extra", "form"),
    headings=(("strong.title", 1), ("strong.bigsection", 2), ("td.section-title", 3)),
    plain=("span.code", "dt", "td.section-title"),
    structured=True,
    title_noise=r"^Pydoc: (?:(?:module|package|built-in module|built-in function|TOPIC|KEYWORD) )?",
    error_title=r"^Error - ",
    scrub=(
        (r" (?:at 0x|handle )[0-9a-f]{6,16}", ""),
        (r"<module '([\w.]+)' from '[^>\n]*>", r"<module '\1'>"),
        (re.escape(sys.base_prefix), "/usr"),
    ),
)
PROGRAM = f"import pydoc; pydoc.browse(0, open_browser=False, hostname={ADDRESS!r})"
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/",
    "LANG": "C.UTF-8",
    "BROWSER": "true",  # some modules open a browser when they are imported
    "PYTHONHASHSEED": "0",  # sets are printed in the same order every night
    "PYTHONUNBUFFERED": "1",
}
START_S = 30.0


class SiteFailed(Exception):
    """Python's documentation server did not start; the message says what it said."""


@contextmanager
def served() -> Iterator[dict[str, tuple[str, int]]]:
    """Run the server; gives where its host stands, and ends it in the end.

    The server ends when its standard input does, so also when this process is killed.
    """
    child = subprocess.Popen(
        [sys.executable, "-s", "-P", "-S", "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=ENVIRONMENT,
        start_new_session=True,
    )
    try:
        yield {HOST: (ADDRESS, _port(child))}
    finally:
        child.kill()
        child.communicate()


def _port(child: "subprocess.Popen[bytes]") -> int:
    ready, _, _ = select.select([child.stdout or 0], [], [], START_S)
    line = child.stdout.readline().decode("utf-8", "replace") if ready and child.stdout else ""
    at = re.search(r":(\d+)/", line)
    if at is None:
        raise SiteFailed(
            f"Python's pydoc server did not start within {START_S:g} s (it said {line.strip()!r}). "
            "Set crawl.seeds or crawl.folders to crawl something else."
        )
    return int(at[1])
