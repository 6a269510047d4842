"""Finds trajectories that say what a benchmark says: 13 words on end, or the whole of a shorter item.

Pages that the agent read do not count: what it was asked, what it asked and what it answered does. Texts are
compared as windows of folded words (`words.py`) with the indexes of the benchmarks (`benchmarks.py`), batch by
batch, so memory does not grow with either.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from flows.refine.decontaminate.benchmarks import WHOLE_ONLY, Contents, Source, indexed
from flows.refine.decontaminate.ngrams import windows
from schemas import Benchmark, Overlap
from warehouse.connect import keep_as, share_as, sql_files
from warehouse.console.progress import Report
from warehouse.lake import Lake, PartName

TEXTS_A_BATCH = 50_000


def find_overlaps(
    con: duckdb.DuckDBPyConnection, sources: list[Source], home: Path, report: Report
) -> list[tuple[Source, Contents]]:
    """Make the table `overlap_spans` of what the candidates share with the benchmarks; returns what these hold.

    Raises SettingsError naming a benchmark's file that cannot be used.
    """
    steps = sql_files("decontaminate")
    checked = []
    con.execute("create or replace temp table hits (benchmark int, id bigint, start int, n int, item bigint)")
    keep_as(con, "asked", steps["asked"], {"decontaminating": bool(sources)})
    for number, source in enumerate(sources):
        report(number, len(sources), f"benchmark {source.name}")
        path, contents = indexed(con, source, home, report)
        for batch in _windows(con, contents.lengths):
            con.register("windows", batch)
            keep_as(con, "found", steps["hits"], {"path": str(path)})
            con.unregister("windows")
            con.execute("insert into hits select $1, id, start, n, item from found", [number])
        checked.append((source, contents))
    share_as(con, "overlap_spans", steps["spans"])
    return checked


def record_overlaps(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    checked: list[tuple[Source, Contents]],
    part: PartName,
    said: dict[str, Any],
) -> None:
    """Leave in the lake what was checked and each span that was found; `said` holds refine_id, decided_at, run_id."""
    if checked:
        lake.write(Benchmark, _benchmarks(con, checked, said), part)
        lake.write(Overlap, _overlaps(con, checked, said), part)


def _windows(con: duckdb.DuckDBPyConnection, lengths: tuple[int, ...]) -> Iterator[pa.Table]:
    texts = con.execute("select count(*) from asked").fetchall()[0][0]
    for first in range(0, texts, TEXTS_A_BATCH):
        place = {"first": first, "past": first + TEXTS_A_BATCH}
        query = "select id, words from asked where id >= $first and id < $past order by id"
        rows = con.sql(query, params=place).to_arrow_table()
        words = rows["words"].combine_chunks()
        made = windows(words, lengths)
        sizes = words.value_lengths().to_numpy(zero_copy_only=False)[made["row"].to_numpy()]
        n = made["n"].to_numpy()
        made = made.append_column("id", rows["id"].combine_chunks().take(made["row"]))
        yield made.filter(pa.array((n >= WHOLE_ONLY) | (n == sizes)))


def _benchmarks(
    con: duckdb.DuckDBPyConnection, checked: list[tuple[Source, Contents]], said: dict[str, Any]
) -> Iterator[Benchmark]:
    counts = dict(
        con.execute("select benchmark, count(distinct trajectory_id) from overlap_spans group by 1").fetchall()
    )
    for number, (source, contents) in enumerate(checked):
        yield Benchmark(
            name=source.name,
            version=source.version,
            file=source.path.name,
            sha256=source.sha256,
            columns=list(source.columns),
            items=contents.items,
            short_items=contents.short_items,
            empty_items=contents.empty_items,
            trajectories=counts.get(number, 0),
            **said,
        )


def _overlaps(
    con: duckdb.DuckDBPyConnection, checked: list[tuple[Source, Contents]], said: dict[str, Any]
) -> Iterator[Overlap]:
    answered = con.execute(sql_files("decontaminate")["quoted"])
    names = [column[0] for column in answered.description or ()]
    for row in answered.fetchall():
        columns = dict(zip(names, row, strict=True))
        source = checked[columns.pop("benchmark")][0]
        yield Overlap(benchmark=source.name, version=source.version, sha256=source.sha256, **columns, **said)
