"""Hostile pages: each gives a text or a reason, in bounded time. FACTORY_HOSTILE_PAGES sets how many are made."""

import os
import random
import time
from collections.abc import Callable, Iterator

import pytest

from sources.http.fetch import FetchResult
from sources.languages import identifier
from sources.privacy.redaction import find
from sources.rights.declarations import EVERY_AGENT, EVERY_DIRECTIVE
from sources.text.extract import Layout, extract
from sources.text.extraction_pool import HTML_CPU_LIMIT_S, HTML_CPU_S_PER_MB
from sources.web.page_work import PageRules, PageWork, finish_extracted
from sources.web.refresh import refresh_target
from sources.web.site import Site
from tests.benchmarks.crawl.labelled import FOLDER

N_PAGES = int(os.environ.get("FACTORY_HOSTILE_PAGES", "60"))
MANY = 100_000
RULES = PageRules("2026-03-01", "web", Layout(), True, None, EVERY_DIRECTIVE, keep_raw=True)
STATUSES = {"ok", "extraction_empty", "bad_encoding", "error_page"}

GIANTS: dict[str, Callable[[], str]] = {
    "nesting": lambda: "<div>" * MANY + "x",
    "closed nesting": lambda: "<ul><li>a" * MANY + "</li></ul>" * MANY,
    "attributes": lambda: "<p " + " ".join(f"a{n}=x" for n in range(MANY)) + ">x",
    "quoted attributes": lambda: "<p " + " ".join(f"a{n}='>'" for n in range(MANY)) + ">x",
    "table": lambda: "<table>" + ("<tr>" + "<td>cell" * 20) * 4_000 + "</table>",
    "spans": lambda: "<table>" + ("<tr><td rowspan=60000 colspan=1000>" + "y" * 200) * 1_000,
    "menus": lambda: "<div class=toc>" * 900 + "<a href=#x>y</a>" * 5_000,
    "formulas": lambda: "<span class=katex>" * 450 + "<math><mi>x</mi></math>" * 2_000,
    "rows of mathml": lambda: "<math>" + "<mfrac><mi>a</mi>" * 5_000,
    "footnotes": lambda: "<p id=a>x<sup><a href=#a>1</a></sup>" * 5_000,
    "unclosed comments": lambda: "<!--" * MANY,
    "lines": lambda: "<pre>" + "<div>x</div>" * 30_000,
    "blanks": lambda: "x" + " \n" * 500_000 + "y",
    "brackets": lambda: "<p>" + "[" * MANY + "](http://b.example/)",
    "attributes around a frame": lambda: (
        "<meta http-equiv=refresh content=0;url=/b><iframe src=/c></iframe><p "
        + " ".join(f"a{n}=x" for n in range(MANY))
        + ">x"
    ),
    "backticks": lambda: "<p>a <code>" + "`" * MANY + "</code>",
}


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """Load patterns and models before any page is timed, as workers do."""
    find("")
    identifier()


@pytest.mark.parametrize("name", GIANTS)
def test_a_giant_page_takes_bounded_time(name: str) -> None:
    """The parser's time grows with the square of depth and attributes: one page could hold a worker for minutes."""
    _check(GIANTS[name]().encode())


@pytest.mark.slow
def test_fuzzed_pages_give_a_text_or_a_reason() -> None:
    """A crawl of millions of pages reads every kind of damage."""
    for body in _fuzzed(N_PAGES):
        _check(body)


def _check(body: bytes) -> None:
    limit, url, kind = HTML_CPU_LIMIT_S + HTML_CPU_S_PER_MB * len(body) / 1_000_000, "http://site.example/", "text/html"
    started = time.process_time()
    found = extract(body, kind, f"{kind}; charset=utf-8", url, Layout())
    extracted = time.process_time()
    assert extracted - started < limit
    assert found.status in STATUSES and (found.text or found.status != "ok")
    found.text.encode()
    response = FetchResult("ok", code=200, headers={"content-type": kind}, body=body)
    refresh_target(response, url)
    finish_extracted(PageWork(url, response, RULES, Site(EVERY_AGENT), None), found)
    assert time.process_time() - extracted < limit


def _fuzzed(number: int) -> Iterator[bytes]:
    """Real pages, cut, with changed bytes, with parts repeated inside each other, with tags exchanged."""
    chance = random.Random(3)
    pages = [path.read_bytes() for path in sorted(FOLDER.rglob("*.html"))]
    changes = (_cut, _flipped, _nested, _shuffled)
    for n in range(number):
        body = chance.choice(pages)
        for change in chance.sample(changes, 1 + n % 2):
            body = change(body, chance)
        yield body


def _cut(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body))]


def _flipped(body: bytes, chance: random.Random) -> bytes:
    changed = bytearray(body)
    for _ in range(chance.randrange(1, 200)):
        changed[chance.randrange(len(changed))] = chance.choice(b"<>/\"'= \0&;x\xff")
    return bytes(changed)


def _nested(body: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(body))
    return body[:start] + body[start : start + chance.randrange(1, 60)] * chance.randrange(2, 3_000) + body[start:]


def _shuffled(body: bytes, chance: random.Random) -> bytes:
    pieces = body.split(b"<")
    chance.shuffle(pieces)
    return b"<".join(pieces)
