"""The source that the guide shows works: pages, unchanged and changed ones, and those that are gone."""

import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pydantic import BaseModel

from flows.crawl.crawler import run_crawl
from sources.protocol import Source
from tests.flows.crawl.nights import FIRST, SECOND, Rows, by_name, rows_of, settings_of, tally
from warehouse.console.progress import silent

GUIDE = Path(__file__).parents[3] / "sources" / "GUIDE.md"
TEXT = "The glacier above the village moves eleven metres a year and has lost a third of its ice since 1900. " * 3


class Section(BaseModel):
    """The entry of `[[crawl.sources]]`, as the guide's kind would have it."""

    kind: str = "sqlite"
    path: Path


def guides_source() -> Callable[[object, BaseModel], Source]:
    """The function `configured` of the code on the page."""
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)
    module: dict[str, Any] = {"__name__": "sqlite_source"}
    exec(compile(code, str(GUIDE), "exec"), module)
    return SimpleNamespace(**module).configured  # type: ignore[no-any-return]


def write(path: Path, articles: dict[int, str]) -> None:
    """Replace the articles of a file; the version of each is its text."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("create table if not exists article (id integer primary key, title, html, changed_at)")
        db.execute("delete from article")
        rows = [(number, f"Title {number}", f"<p>{text} {TEXT}</p>", text) for number, text in articles.items()]
        db.executemany("insert into article values (?, ?, ?, ?)", rows)


def test_the_guides_source_is_crawled_like_any_other(tmp_path: Path) -> None:
    """Whoever starts from the page gets resume, unchanged pages and deleted ones with it."""
    file, configure = tmp_path / "articles.db", guides_source()

    def night(day: Any) -> Rows:
        settings = settings_of(tmp_path, keep_raw=False)
        run_crawl(settings, day, silent, [lambda crawl: configure(crawl, Section(path=file))])
        return rows_of(tmp_path, day)

    write(file, {1: "One.", 2: "Two.", 3: "Three."})
    first = night(FIRST)
    assert tally(first) == {"ok": 3, "collection": 1}
    assert {row.title for row in first.values() if row.status == "ok"} == {"Title 1", "Title 2", "Title 3"}
    write(file, {1: "One.", 2: "New."})
    second = by_name(night(SECOND))
    assert {name: second[name].status for name in "123"} == {"1": "not_modified", "2": "ok", "3": "gone"}
