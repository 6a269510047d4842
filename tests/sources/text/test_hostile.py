"""Hostile pages: each gives a text or a reason, in bounded time. FACTORY_HOSTILE_PAGES sets how many are made."""

import os
import random
import time
from collections.abc import Callable, Iterator

import pytest

from sources.text.extract import Layout, extract
from sources.text.extraction_pool import HTML_CPU_LIMIT_S, HTML_CPU_S_PER_MB
from tests.benchmarks.crawl.labelled import FOLDER

N_PAGES = int(os.environ.get("FACTORY_HOSTILE_PAGES", "60"))
MANY = 100_000
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
    "backticks": lambda: "<p>a <code>" + "`" * MANY + "</code>",
}


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
    started = time.process_time()
    found = extract(body, "text/html", "text/html; charset=utf-8", "http://site.example/", Layout())
    assert time.process_time() - started < HTML_CPU_LIMIT_S + HTML_CPU_S_PER_MB * len(body) / 1_000_000
    assert found.status in STATUSES and (found.text or found.status != "ok")
    found.text.encode()


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
