"""Runs Python's pydoc server as a child process on loopback: a real site that exists on every machine.

Its urls have a fixed host name in place of the port, so that a page has the same url on every night. The child
gets an empty environment, because pydoc prints values of modules and could print secrets from it.
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
    # private modules, tests, and modules with side effects on import, since pydoc imports them
    rf"^http://{HOST}/_(?!_future__)",
    rf"^http://{HOST}/(?:.*\.)?(?:tests?|idlelib|turtledemo|lib2to3|pydoc_data|__main__|antigravity|this)\b",
    rf"^http://{HOST}/(?:get|search)\?",
    rf"^http://{HOST}/(?!topic\?)[^.]*$",
)
LAYOUT = Layout(
    drop=("body > div[style*=float]", "td.extra", "form"),
    headings=(("strong.title", 1), ("strong.bigsection", 2), ("td.section-title", 3)),
    plain=("span.code", "dt", "td.section-title"),
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
    "PYTHONHASHSEED": "0",  # prints sets in the same order every night
    "PYTHONUNBUFFERED": "1",
}
START_S = 30.0


class PydocServerFailed(Exception):
    """The pydoc server did not start. The message quotes its output."""


@contextmanager
def running_server() -> Iterator[int]:
    """Run the server and yield its port on ADDRESS. Raises PydocServerFailed if it does not start.

    The server exits when its standard input closes, so also when this process is killed.
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
        yield _port(child)
    finally:
        child.kill()
        child.communicate()


def _port(child: "subprocess.Popen[bytes]") -> int:
    ready, _, _ = select.select([child.stdout or 0], [], [], START_S)
    line = child.stdout.readline().decode("utf-8", "replace") if ready and child.stdout else ""
    match = re.search(r":(\d+)/", line)
    if match is None:
        raise PydocServerFailed(
            f"Python's pydoc server did not start within {START_S:g} s (its output: {line.strip()!r}). "
            "Set crawl.seeds or crawl.folders to crawl something else."
        )
    return int(match[1])
