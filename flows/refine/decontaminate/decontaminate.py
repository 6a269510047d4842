"""Finds n-gram overlaps of trajectories with benchmarks: 13 consecutive words, or the whole of a shorter item.

Instruction, system prompt, answers, call arguments and all else that the agent wrote are checked; pages that it read
are not. Texts are compared as n-grams of folded words (`ngrams.py`) with the benchmark indexes (`benchmarks.py`), batch
by batch, so memory does not grow with either. Of the agent's long text, only turns that share words with a benchmark
(`benchmark_words.py`) are compared. Overlaps of 13 words follow GPT-3 (Brown et al. 2020, appendix C).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from flows.refine.decontaminate.benchmarks import WHOLE_ONLY, Contents, Source, index_benchmark
from flows.refine.decontaminate.ngrams import ngrams
from schemas import Benchmark, Overlap
from warehouse.connect import create_shared_table, create_temp_table, query, sql_files
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake, PartName

TEXTS_PER_BATCH = 50_000


def find_overlaps(
    con: duckdb.DuckDBPyConnection, sources: list[Source], home: Path, report: ProgressCallback
) -> list[tuple[Source, Contents]]:
    """Make the table `overlap_spans` of the candidates' overlaps with the benchmarks; returns each benchmark's counts.

    `home` is the folder of the benchmark indexes. Raises SettingsError naming a benchmark file that cannot be used.
    """
    steps = sql_files("decontaminate")
    checked = []
    con.execute("create or replace temp table hits (benchmark int, id bigint, start int, n int, item bigint)")
    create_temp_table(con, "checked_texts", steps["checked_texts"], {"decontaminating": bool(sources)})
    for number, source in enumerate(sources):
        report(number, len(sources), f"benchmark {source.name}")
        path, contents = index_benchmark(con, source, home, report)
        for batch in _ngrams(con, contents.lengths):
            con.register("ngrams", batch)
            create_temp_table(con, "batch_hits", steps["batch_hits"], {"path": str(path)})
            con.unregister("ngrams")
            con.execute("insert into hits select $1, id, start, n, item from batch_hits", [number])
        checked.append((source, contents))
    create_shared_table(con, "overlap_spans", steps["overlap_spans"])
    return checked


def record_overlaps(
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    checked: list[tuple[Source, Contents]],
    part: PartName,
    stamp: dict[str, Any],
) -> None:
    """Write the checked benchmarks and each overlap to the lake; `stamp` holds refine_id, decided_at, run_id."""
    if checked:
        lake.write(Benchmark, _benchmarks(con, checked, stamp), part)
        lake.write(Overlap, _overlaps(con, checked, stamp), part)


def _ngrams(con: duckdb.DuckDBPyConnection, lengths: tuple[int, ...]) -> Iterator[pa.Table]:
    texts = con.execute("select count(*) from checked_texts").fetchall()[0][0]
    for first in range(0, texts, TEXTS_PER_BATCH):
        place = {"first": first, "past": first + TEXTS_PER_BATCH}
        batch = "select id, words from checked_texts where id >= $first and id < $past order by id"
        rows = con.sql(batch, params=place).to_arrow_table()
        words = rows["words"].combine_chunks()
        found = ngrams(words, lengths)
        sizes = words.value_lengths().to_numpy(zero_copy_only=False)[found["row"].to_numpy()]
        n = found["n"].to_numpy()
        found = found.append_column("id", rows["id"].combine_chunks().take(found["row"]))
        yield found.filter(pa.array((n >= WHOLE_ONLY) | (n == sizes)))


def _benchmarks(
    con: duckdb.DuckDBPyConnection, checked: list[tuple[Source, Contents]], stamp: dict[str, Any]
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
            **stamp,
        )


def _overlaps(
    con: duckdb.DuckDBPyConnection, checked: list[tuple[Source, Contents]], stamp: dict[str, Any]
) -> Iterator[Overlap]:
    rows = con.execute(query("decontaminate", "quoted_spans"))
    names = [column[0] for column in rows.description or ()]
    for row in rows.fetchall():
        columns = dict(zip(names, row, strict=True))
        source = checked[columns.pop("benchmark")][0]
        yield Overlap(benchmark=source.name, version=source.version, sha256=source.sha256, **columns, **stamp)
