"""The lake: a part appears whole or not at all, fits its schema, and is read while others are written."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas import Document, Trajectory, Turn, arrow_schema, table
from tests.doubles.lakes.small_lake import make_small_lake, write_small_lake
from warehouse.connect import connect, rebuild_warehouse, sql_files
from warehouse.console.progress import silent
from warehouse.lake import Lake, LakeError, PartName
from warehouse.migrate import migrate
from warehouse.parquet_encoding import BLOCK_ROWS, ROW_GROUP_ROWS

DAY = date(2026, 11, 20)


def test_rows_come_back_as_they_were_written(tmp_path: Path) -> None:
    made = write_small_lake(Lake(tmp_path), DAY)
    part = Lake(tmp_path).parts(Turn, DAY)[0]
    rows = pq.read_table(part, partitioning=None).to_pylist()
    assert [Turn.model_validate(row) for row in rows] == made.turns


def test_another_schema_is_refused(tmp_path: Path) -> None:
    """Readers of every night would otherwise see a column that was renamed by mistake."""
    wrong = pa.table({"doc_id": ["a"]})
    with pytest.raises(LakeError, match="document"):
        Lake(tmp_path).write_table(Document, wrong, PartName(DAY, "w", 0))
    assert Lake(tmp_path).parts(Document) == []


def test_a_null_in_a_required_column_is_refused(tmp_path: Path) -> None:
    good = table(Trajectory, make_small_lake(DAY).trajectories)
    column = good.schema.get_field_index("task_id")
    bad = good.set_column(column, arrow_schema(Trajectory).field("task_id"), pa.nulls(good.num_rows, pa.string()))
    with pytest.raises(LakeError, match=r"trajectory\.task_id"):
        Lake(tmp_path).write_table(Trajectory, bad, PartName(DAY, "w", 0))
    assert not list(tmp_path.rglob("*.parquet"))
    assert not list(tmp_path.rglob("*.tmp"))


def test_text_that_is_not_unicode_is_refused_with_its_record(tmp_path: Path) -> None:
    page = make_small_lake(DAY).documents[0].model_copy(update={"text": "half a pair: \ud800"})
    with pytest.raises(LakeError, match="document"):
        Lake(tmp_path).write(Document, [page], PartName(DAY, "w", 0))


def test_the_same_rows_make_the_same_bytes_in_batches_of_any_size(tmp_path: Path) -> None:
    """A step that is repeated after a kill replaces its part by an identical one."""
    rows = table(Turn, make_small_lake(DAY, n_tasks=20).turns)
    whole = Lake(tmp_path / "a").write_table(Turn, rows, PartName(DAY, "w", 0))
    again = Lake(tmp_path / "b").write_batches(Turn, rows.schema, rows.to_batches(33), PartName(DAY, "w", 0))
    assert whole.read_bytes() == again.read_bytes()


@pytest.mark.slow
def test_row_groups_are_large_but_bounded_in_rows_and_in_bytes(tmp_path: Path) -> None:
    """Small groups cost disk space and reading time; a group of long pages would exceed the memory of readers."""
    rows = table(Turn, make_small_lake(DAY, n_tasks=100).turns)
    part = Lake(tmp_path / "short").write_table(Turn, rows, PartName(DAY, "w", 0))
    assert group_rows(part) == [ROW_GROUP_ROWS, rows.num_rows - ROW_GROUP_ROWS]
    observed = rows.schema.get_field_index("observation")
    pages = pa.array(["x" * 100_000] * rows.num_rows, rows.schema.field(observed).type)
    long = rows.set_column(observed, rows.schema.field(observed), pages)
    for cut in (rows.num_rows, 77):
        part = Lake(tmp_path / f"long {cut}").write_batches(
            Turn, long.schema, long.to_batches(cut), PartName(DAY, "w", 0)
        )
        assert group_rows(part)[:2] == [2 * BLOCK_ROWS] * 2
        assert sum(group_rows(part)) == rows.num_rows


def group_rows(part: Path) -> list[int]:
    """The number of rows of each row group."""
    metadata = pq.ParquetFile(part).metadata
    return [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]


def test_a_stream_that_breaks_leaves_nothing(tmp_path: Path) -> None:
    rows = table(Turn, make_small_lake(DAY).turns)

    def broken() -> object:
        yield from rows.to_batches(10)
        raise RuntimeError("the query was cancelled")

    with pytest.raises(RuntimeError, match="cancelled"):
        Lake(tmp_path).write_batches(Turn, rows.schema, broken(), PartName(DAY, "w", 0))  # type: ignore[arg-type]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_failed_write_names_the_part_and_the_next_step(tmp_path: Path) -> None:
    (tmp_path / "document").write_text("a file where a folder must be")
    with pytest.raises(LakeError, match=r"cannot write .*run again"):
        Lake(tmp_path).write(Document, [], PartName(DAY, "w", 0))


WRITER = """
import sys
from datetime import date
from pathlib import Path
from schemas import Turn, table
from tests.doubles.lakes.small_lake import make_small_lake
from warehouse.lake import Lake, PartName
lake = Lake(Path(sys.argv[1]))
rows = table(Turn, make_small_lake(date(2026, 11, 20), n_tasks=30).turns)
print("ready", flush=True)
for seq in range(10_000):
    lake.write_table(Turn, rows, PartName(date(2026, 11, 20), "w", seq))
"""


def test_readers_see_whole_parts_while_another_process_writes_and_is_killed(tmp_path: Path) -> None:
    """A query during a run counts whole parts only, without a lock, also after SIGKILL."""
    rows = len(make_small_lake(DAY, n_tasks=30).turns)
    counts: set[int] = set()
    with (
        connect(Lake(tmp_path)) as con,
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer,
    ):
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        deadline = time.monotonic() + 60
        while len(counts) < 3 and time.monotonic() < deadline:
            counts.add(con.execute("select count(*) from turns").fetchall()[0][0])
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        counts.add(con.execute("select count(*) from turns").fetchall()[0][0])
    assert len(counts) >= 3
    assert {count % rows for count in counts} == {0}


def test_any_client_can_open_the_file_of_views(tmp_path: Path) -> None:
    """`warehouse.duckdb` holds no data: it can be rebuilt at any time, also over an earlier one."""
    import duckdb

    lake = Lake(tmp_path / "lake")
    made = write_small_lake(lake, DAY)
    for _ in range(2):
        rebuild_warehouse(tmp_path / "warehouse.duckdb", lake)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as con:
        assert con.execute("select count(*) from trajectories").fetchall() == [(len(made.trajectories),)]
        assert con.execute("select count(*) from duckdb_tables()").fetchall() == [(0,)]


@pytest.mark.slow
def test_a_client_of_an_earlier_duckdb_reads_every_view(tmp_path: Path) -> None:
    """Analysts' tools carry older DuckDB versions: a newer file format would lock them out of all views."""
    lake = Lake(tmp_path / "lake")
    write_small_lake(lake, DAY)
    rebuild_warehouse(tmp_path / "warehouse.duckdb", lake)
    client = [str(Path(sys.executable).with_name("duckdb")), "-readonly", str(tmp_path / "warehouse.duckdb")]
    for view in sorted(sql_files("views") | sql_files("marts")):
        read = subprocess.run([*client, f"select count(*) from {view}"], capture_output=True, text=True, check=False)
        assert read.returncode == 0, f"{view}: {read.stderr}"


def test_views_bind_over_an_empty_lake(tmp_path: Path) -> None:
    with connect(Lake(tmp_path)) as con:
        assert con.execute("select count(*) from funnel").fetchall() == [(0,)]
        assert con.execute("select count(*) from horizon_histogram").fetchall() == [(0,)]


def test_a_lake_from_before_a_record_grew_is_still_read(tmp_path: Path) -> None:
    """After an upgrade, every view over earlier nights must bind: a new column is null there."""
    lake = Lake(tmp_path)
    lake.prepare()
    (empty,) = (tmp_path / "decision").glob("*/empty.parquet")
    pq.write_table(pq.read_table(empty, partitioning=None).drop(["pass_rate"]), empty)
    with connect(lake) as con:
        assert con.execute("select pass_rate from decisions").fetchall() == []


def test_a_new_lake_carries_the_version_from_its_first_part_on(tmp_path: Path) -> None:
    for root in (tmp_path / "prepared", tmp_path / "written"):
        lake = Lake(root)
        assert lake.version() is None
        if root.name == "prepared":
            lake.prepare()
        else:
            lake.write(Document, [], PartName(DAY, "crawl", 0))
        assert json.loads((root / "schema_version.json").read_text()) == {"schema_version": "2"}
        lake.check_version()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"schema_version": "3"}', "has schema version 3, .* upgrade the factory"),
        ('{"schema_version": "two"}', "cannot read .*Delete it, then run `factory lake migrate`"),
        ("{", "cannot read .*Delete it, then run `factory lake migrate`"),
    ],
)
def test_a_later_or_unreadable_version_is_refused(tmp_path: Path, text: str, message: str) -> None:
    lake = Lake(tmp_path)
    lake.prepare()
    (tmp_path / "schema_version.json").write_text(text)
    for use in (lake.prepare, lambda: migrate(lake, silent)):
        with pytest.raises(LakeError, match=message):
            use()
