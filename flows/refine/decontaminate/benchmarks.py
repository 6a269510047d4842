"""Benchmarks as an index of what they say: one Parquet file a benchmark file, made once and streamed.

An item's text of 13 words or more is indexed by every run of 13 words on end; a shorter one as a whole. The
index is named by the file's hash, so a benchmark that has not changed is not read again, and no part of the
work holds more than a batch of it in memory.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.refine.decontaminate.ngrams import WORDS_VERSION, wholes, windows, word_hashes
from flows.settings import BenchmarkFiles, SettingsError
from schemas import content_id, sha256_text
from warehouse.connect import keep_as, sql_files
from warehouse.console.progress import Report

SPAN = 13
"""Words on end that make an overlap (GPT-3, Brown et al. 2020, appendix C)."""
WHOLE_ONLY = 5
"""A shorter item counts only where it is a text from end to end: of so few words, others are made of too."""
ROWS_A_BATCH = 20_000
SUFFIXES = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".parquet": "parquet", ".csv": "csv", ".tsv": "csv"}
INDEX = pa.schema([("key", pa.uint64()), ("n", pa.int32()), ("item", pa.int64())])
RAW = INDEX.append(pa.field("text", pa.uint64()))
"""With the key of the whole text that a window is of: the same text in many rows is one."""


@dataclass(frozen=True)
class Source:
    """One benchmark file."""

    name: str
    version: str | None
    path: Path
    columns: tuple[str, ...]
    sha256: str

    @property
    def id(self) -> str:
        """Names its index: content, columns and what is left out, not where the file stands."""
        left_out = sha256_text(sql_files("decontaminate")["keys"])
        return content_id("benchmark", self.sha256, sorted(self.columns), SPAN, WHOLE_ONLY, WORDS_VERSION, left_out)

    def identity(self) -> list[object]:
        """What of it decides: enters the refine's id."""
        return [self.name, self.version, self.path.name, self.id]


@dataclass(frozen=True)
class Contents:
    """What was found in a benchmark file."""

    items: int
    short_items: int
    empty_items: int
    lengths: tuple[int, ...]
    """Lengths in words of what is indexed: SPAN and those of shorter texts."""


def sources_of(settings: list[BenchmarkFiles]) -> list[Source]:
    """Every file of the settings' benchmarks, hashed; raises SettingsError naming a path that gives none."""
    found = []
    for one in settings:
        path = one.path.expanduser()
        inside = sorted(file for file in path.rglob("*") if _form(file)) if path.is_dir() else [path]
        if not inside or not all(map(Path.is_file, inside)) or not all(map(_form, inside)):
            raise SettingsError(
                f"refine.benchmarks: {one.path} is no file or folder of JSONL, Parquet or CSV files; correct the path"
            )
        for file in inside:
            found.append(Source(one.name or file.stem, one.version, file, tuple(one.columns), _sha256(file)))
    return found


def indexed(con: duckdb.DuckDBPyConnection, source: Source, home: Path, report: Report) -> tuple[Path, Contents]:
    """The index of a benchmark file and what it holds; raises SettingsError naming the file and what is wrong in it."""
    path = home / f"{source.id}.parquet"
    facts = path.with_suffix(".json")
    if not (path.exists() and facts.exists()):
        home.mkdir(parents=True, exist_ok=True)
        contents = _build(con, source, path, report)
        part = facts.with_name(f".{facts.name}.{os.getpid()}.tmp")
        part.write_bytes(orjson.dumps(asdict(contents)))
        part.replace(facts)
    said = orjson.loads(facts.read_bytes())
    return path, Contents(**said | {"lengths": tuple(said["lengths"])})


def _build(con: duckdb.DuckDBPyConnection, source: Source, path: Path, report: Report) -> Contents:
    """Write every window as it comes, then once more with each one's first item only."""
    raw, final = (path.with_name(f".{path.name}.{os.getpid()}.{end}") for end in ("raw", "tmp"))
    try:
        tally = _Tally()
        with pq.ParquetWriter(raw, RAW) as writer:
            for first, rows in _batches(con, source):
                report(0, 0, f"benchmark {source.name}: {first:,} rows read")
                writer.write_table(tally.add(first, rows))
        if empty := _empty(con, source, tally):
            raise _unusable(
                source, f"no row has a text in {', '.join(empty)}; there are: {', '.join(_known(con, source))}"
            )
        said = {"path": str(raw), "whole_only": WHOLE_ONLY}
        keep_as(con, "benchmark_keys", sql_files("decontaminate")["keys"], said)
        with pq.ParquetWriter(final, INDEX, compression="zstd") as writer:
            for batch in con.sql("select key, n, item from benchmark_keys").to_arrow_reader(1_000_000):
                writer.write_batch(batch.cast(INDEX))
        con.execute("drop table benchmark_keys")
        final.replace(path)
        return tally.contents()
    finally:
        for left in (raw, final):
            with suppress(OSError):
                left.unlink()


class _Tally:
    """Counts items as they are indexed."""

    def __init__(self) -> None:
        self.items = self.short = self.empty = 0
        self.lengths: set[int] = set()
        self.columns: set[str] = set()
        """Those in which a text was found."""

    def add(self, first: int, rows: pa.Table) -> pa.Table:
        """The windows of some rows of the file, of which the first is number `first`."""
        filled = np.zeros(len(rows), bool)
        made = []
        for name, column in zip(rows.column_names, rows.columns, strict=True):
            hashes = word_hashes(column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column)
            sizes = hashes.value_lengths().to_numpy(zero_copy_only=False)
            filled |= sizes > 0
            self.columns |= {name} if sizes.any() else set()
            short = sizes[(sizes > 0) & (sizes < SPAN)]
            self.short += len(short)
            lengths = {int(n) for n in np.unique(short)} | ({SPAN} if (sizes >= SPAN).any() else set())
            self.lengths |= lengths
            found = windows(hashes, lengths)
            whole = pa.array(np.minimum(sizes[found["row"].to_numpy()], SPAN))
            found = found.filter(pc.equal(found["n"], whole.cast(pa.int32())))
            text = pa.array(wholes(hashes)).take(found["row"])
            made.append(pa.table([found["key"], found["n"], pc.add(found["row"], first), text], schema=RAW))
        self.items += int(filled.sum())
        self.empty += int((~filled).sum())
        return pa.concat_tables(made)

    def contents(self) -> Contents:
        return Contents(self.items, self.short, self.empty, tuple(sorted(self.lengths)))


def _batches(con: duckdb.DuckDBPyConnection, source: Source) -> Iterator[tuple[int, pa.Table]]:
    first = 0
    try:
        for batch in _read(con, source).to_arrow_reader(ROWS_A_BATCH):
            yield first, pa.Table.from_batches([batch])
            first += batch.num_rows
    except duckdb.OutOfMemoryException:
        raise
    except (duckdb.Error, pa.ArrowInvalid) as error:
        raise _unusable(source, str(error).splitlines()[0]) from error


def _read(con: duckdb.DuckDBPyConnection, source: Source) -> duckdb.DuckDBPyRelation:
    path, form = str(source.path), _form(source.path)
    if form == "json":
        rows: Any = con.read_json(path, columns=dict.fromkeys(source.columns, "VARCHAR"))
    else:
        rows = con.read_parquet(path) if form == "parquet" else con.read_csv(path, header=True, all_varchar=True)
        if missing := [name for name in source.columns if name not in rows.columns]:
            raise _unusable(source, f"it has no column {', '.join(missing)}; there are: {', '.join(rows.columns)}")
    selected: duckdb.DuckDBPyRelation = rows.select(
        *(duckdb.ColumnExpression(name).cast("VARCHAR").alias(name) for name in source.columns)
    )
    return selected


def _empty(con: duckdb.DuckDBPyConnection, source: Source, tally: _Tally) -> list[str]:
    """Columns without any text, that the file does not even name: lines of JSON read a misspelt one as null."""
    empty = [name for name in source.columns if name not in tally.columns]
    named = set(_known(con, source)) if empty and tally.items else set()
    return [name for name in empty if name not in named]


def _known(con: duckdb.DuckDBPyConnection, source: Source) -> list[str]:
    return con.read_json(str(source.path)).columns if _form(source.path) == "json" else list(source.columns)


def _unusable(source: Source, what: str) -> SettingsError:
    return SettingsError(
        f"refine.benchmarks: {source.path} cannot be used: {what}. Correct the file or its columns, or take it out"
    )


def _form(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return SUFFIXES.get(next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), ""))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
