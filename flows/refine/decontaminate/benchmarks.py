"""Indexes the n-grams of benchmarks: one Parquet file per benchmark file, built once and read as a stream.

An item's text of 13 words or more is indexed by each of its 13-grams; a shorter one as a whole. The index is named
by the file's hash, so an unchanged benchmark is not read again. Memory holds one batch of a benchmark at a time.
"""

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

from flows.refine.decontaminate.ngrams import WORDS_VERSION, ngrams, whole_text_keys, word_hashes
from flows.settings import BenchmarkFiles, SettingsError
from schemas import content_id, sha256_file, sha256_text
from warehouse.connect import create_temp_table, query
from warehouse.console.progress import ProgressCallback

SPAN = 13
"""Consecutive words that make an overlap (GPT-3, Brown et al. 2020, appendix C)."""
WHOLE_ONLY = 5
"""An item of fewer words matches only a text that equals it: so few words occur in many other texts, too."""
ROWS_PER_BATCH = 20_000
SUFFIXES = {".jsonl": "json", ".ndjson": "json", ".json": "json", ".parquet": "parquet", ".csv": "csv", ".tsv": "csv"}
INDEX = pa.schema([("key", pa.uint64()), ("n", pa.int32()), ("item", pa.int64()), ("head", pa.uint64())])
RAW = INDEX.append(pa.field("text", pa.uint64()))
"""With the key of the whole text that contains the n-gram: equal texts in several rows count once."""


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
        """The id of its index, from content, columns and the rule of exclusion, not from its path."""
        excluded = sha256_text(query("decontaminate", "benchmark_keys"))
        return content_id("benchmark", self.sha256, sorted(self.columns), SPAN, WHOLE_ONLY, WORDS_VERSION, excluded)

    def identity(self) -> list[object]:
        """The values that enter the refine_id."""
        return [self.name, self.version, self.path.name, self.id]


@dataclass(frozen=True)
class Contents:
    """Counts of a benchmark file's items."""

    items: int
    short_items: int
    empty_items: int
    lengths: tuple[int, ...]
    """Lengths in words of the indexed n-grams: SPAN, and those of shorter texts."""


def sources_of(settings: list[BenchmarkFiles]) -> list[Source]:
    """Every benchmark file of the settings, with its hash; raises SettingsError naming a path that has none."""
    found = []
    for one in settings:
        path = one.path
        inside = sorted(file for file in path.rglob("*") if _form(file)) if path.is_dir() else [path]
        if not inside or not all(map(Path.is_file, inside)) or not all(map(_form, inside)):
            raise SettingsError(
                f"refine.benchmarks: {one.path} is no file or folder of JSONL, Parquet or CSV; correct the path"
            )
        for file in inside:
            found.append(Source(one.name or file.stem, one.version, file, tuple(one.columns), sha256_file(file)))
    return found


def index_benchmark(
    con: duckdb.DuckDBPyConnection, source: Source, home: Path, report: ProgressCallback
) -> tuple[Path, Contents]:
    """Build the index of a benchmark file in `home`, unless it exists; returns its path and the file's counts.

    Raises SettingsError naming the file and its fault.
    """
    path = home / f"{source.id}.parquet"
    facts = path.with_suffix(".json")
    if not (path.exists() and (counts := _stored(facts))):
        home.mkdir(parents=True, exist_ok=True)
        contents = _build(con, source, path, report)
        part = facts.with_name(f".{facts.name}.{os.getpid()}.tmp")
        part.write_bytes(orjson.dumps(asdict(contents)))
        part.replace(facts)
        return path, contents
    return path, counts


def _stored(facts: Path) -> Contents | None:
    """The counts of an index; None if there are none, or if their file is damaged."""
    try:
        counts = orjson.loads(facts.read_bytes())
        return Contents(**counts | {"lengths": tuple(counts["lengths"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _build(con: duckdb.DuckDBPyConnection, source: Source, path: Path, report: ProgressCallback) -> Contents:
    """Write every n-gram in order of the rows, then deduplicate: each n-gram once, with its first item."""
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
        limits = {"path": str(raw), "whole_only": WHOLE_ONLY}
        create_temp_table(con, "benchmark_keys", query("decontaminate", "benchmark_keys"), limits)
        with pq.ParquetWriter(final, INDEX, compression="zstd", write_page_checksum=True) as writer:
            for batch in con.sql("select key, n, item, head from benchmark_keys").to_arrow_reader(1_000_000):
                writer.write_batch(batch.cast(INDEX))
        con.execute("drop table benchmark_keys")
        final.replace(path)
        return tally.contents()
    finally:
        for left in (raw, final):
            with suppress(OSError):
                left.unlink()


class _Tally:
    """Counts items while they are indexed."""

    def __init__(self) -> None:
        self.items = self.short = self.empty = 0
        self.lengths: set[int] = set()
        self.columns: set[str] = set()
        """Columns with at least one text."""

    def add(self, first: int, rows: pa.Table) -> pa.Table:
        """The n-grams of a batch of rows; the first row is number `first` of the file."""
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
            found = ngrams(hashes, lengths)
            whole = pa.array(np.minimum(sizes[found["row"].to_numpy()], SPAN))
            found = found.filter(pc.equal(found["n"], whole.cast(pa.int32())))
            text = pa.array(whole_text_keys(hashes)).take(found["row"])
            item = pc.add(found["row"], first)
            made.append(pa.table([found["key"], found["n"], item, found["head"], text], schema=RAW))
        self.items += int(filled.sum())
        self.empty += int((~filled).sum())
        return pa.concat_tables(made)

    def contents(self) -> Contents:
        return Contents(self.items, self.short, self.empty, tuple(sorted(self.lengths)))


def _batches(con: duckdb.DuckDBPyConnection, source: Source) -> Iterator[tuple[int, pa.Table]]:
    first = 0
    try:
        for batch in _read(con, source).to_arrow_reader(ROWS_PER_BATCH):
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
    """Columns that have no text and are not in the file: DuckDB reads a misspelt key of JSON as null."""
    empty = [name for name in source.columns if name not in tally.columns]
    named = set(_known(con, source)) if empty and tally.items else set()
    return [name for name in empty if name not in named]


def _known(con: duckdb.DuckDBPyConnection, source: Source) -> list[str]:
    return con.read_json(str(source.path)).columns if _form(source.path) == "json" else list(source.columns)


def _unusable(source: Source, what: str) -> SettingsError:
    return SettingsError(
        f"refine.benchmarks: {source.path} cannot be used: {what}. Correct the file or its columns, or remove it"
    )


def _form(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    return SUFFIXES.get(next((suffix for suffix in reversed(suffixes) if suffix != ".gz"), ""))
