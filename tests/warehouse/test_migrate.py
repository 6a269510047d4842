"""A lake and a release of schema version 1, made by the code of that version: refused, migrated, and then used."""

import json
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner, Result

from flows.cli import app
from flows.publish.release import run_publish
from flows.publish.stores.pull import pull, verify
from flows.publish.views.export import export
from flows.refine.decide import run_refine
from flows.settings import load
from schemas import RECORDS, Document, Fact, Hidden, Manifest, Outcome, Refusal, Withdrawal, arrow_schema
from schemas.renames import COLUMNS, VALUES
from warehouse.connect import connect, sql_files
from warehouse.console.progress import silent
from warehouse.lake import Lake, LakeError, PartName
from warehouse.migrate import METADATA_VERSION, migrate, outdated_parts
from warehouse.query import run_checks

FIXTURE = Path(__file__).parent / "lake_version_1.tar.gz"
REFUSED = r"^the lake \S+ has schema version 1, but this factory reads version 2: run `factory lake migrate`$"
DAY = date(2026, 11, 28)
DECISIONS = """
select trajectory_id, kept, reasons, cluster_id, keeper_id, similarity, calls_to_solve, pass_rate
from decisions order by trajectory_id
"""
GATES = "select gates from decisions order by trajectory_id"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the lake, the release and the settings of version 1."""
    shutil.unpack_archive(FIXTURE, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lake(home: Path) -> Lake:
    return Lake(home / "lake")


def factory(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def files_of(lake: Lake) -> dict[str, bytes]:
    """Every file of a lake that holds rows or its version, with its bytes."""
    paths = [path for path in lake.root.rglob("*") if path.is_file() and path.name != "empty.parquet"]
    return {str(path.relative_to(lake.root)): path.read_bytes() for path in paths}


def test_the_fixture_has_rows_of_every_record(lake: Lake) -> None:
    """All records of version 1; facts, environments with state and refusals came later."""
    for model in set(RECORDS) - {Fact, Hidden, Outcome, Refusal}:
        assert sum(pq.read_metadata(part).num_rows for part in lake.parts(model)), model.record


def test_a_lake_of_version_1_is_refused_by_readers_and_writers(lake: Lake) -> None:
    """Without the check, renamed columns of earlier nights would be null in every view."""
    before = files_of(lake)
    for use in (
        lambda: connect(lake),
        lake.prepare,
        lambda: lake.write(Document, [], PartName(DAY, "crawl", 0)),
        lambda: lake.new_raw(DAY, "crawl"),
    ):
        with pytest.raises(LakeError, match=REFUSED):
            use()
    assert files_of(lake) == before


def test_factory_sql_refuses_a_lake_of_version_1_in_one_sentence(home: Path) -> None:
    refused = factory("sql", "from funnel")
    assert refused.exit_code == 1
    assert refused.stderr.splitlines() == [
        f"factory: the lake {home / 'lake'} has schema version 1, but this factory reads version 2: "
        "run `factory lake migrate`"
    ]


def test_a_dry_run_lists_the_parts_and_changes_nothing(lake: Lake) -> None:
    before = files_of(lake)
    printed = factory("lake", "migrate", "--dry-run").stdout.splitlines()
    assert printed[-1] == "parts to rewrite: 7"
    assert (
        "withdrawal/date=2026-11-20/2026-11-20-withdraw-000000.parquet: asked_for -> target, asked_at -> requested_at"
    ) in printed
    assert files_of(lake) == before


def test_a_migration_renames_columns_and_values_and_changes_nothing_else(lake: Lake) -> None:
    """Names only: every other column keeps its values, and parts without renames keep their bytes."""
    before, untouched = rows_of(lake), files_of(lake)
    assert factory("lake", "migrate").stdout.splitlines()[-1] == "schema version 1 -> 2: parts rewritten: 7"
    renamed = {column.split(".")[0] for column in VALUES} | COLUMNS.keys()
    for name, content in files_of(lake).items():
        if name.split("/")[0] not in renamed and name in untouched:
            assert content == untouched[name], name
    after = rows_of(lake)
    for record, rows in before.items():
        columns, status = COLUMNS.get(record, {}), VALUES.get(f"{record}.status", {})
        expected = [{columns.get(name, name): value for name, value in row.items()} for row in rows]
        for row in expected:
            if status:
                row["status"] = status.get(row["status"], row["status"])
        assert after[record] == expected, record
    assert {row["status"] for row in after["imported"]} == {"imported", "already_imported", "not_json"}
    assert (lake.root.parent / "warehouse.duckdb").exists()


def rows_of(lake: Lake) -> dict[str, list[dict[str, Any]]]:
    """Record -> its rows, as the files hold them."""
    return {
        model.record: [row for part in lake.parts(model) for row in pq.ParquetFile(part).read().to_pylist()]
        for model in RECORDS
    }


@pytest.mark.slow
def test_a_second_migration_says_that_nothing_is_left(lake: Lake) -> None:
    factory("lake", "migrate")
    before = files_of(lake)
    again = factory("lake", "migrate")
    assert (again.exit_code, again.stdout) == (0, "the lake has schema version 2 already: nothing to migrate\n")
    assert factory("lake", "migrate", "--dry-run").stdout == "parts to rewrite: 0\n"
    assert files_of(lake) == before


ONE_PART = """
import os, signal, sys
from pathlib import Path
from typing import Any
from warehouse.lake import Lake
from warehouse.migrate import migrate

def kill_after_one_part(done, total, note=""):
    if 0 < done < total:
        os.kill(os.getpid(), signal.SIGKILL)

migrate(Lake(Path(sys.argv[1])), kill_after_one_part)
"""


@pytest.mark.slow
def test_a_migration_killed_after_every_part_ends_with_the_same_files(lake: Lake, tmp_path: Path) -> None:
    """Each process rewrites one part and is killed; a lake in between is refused, never half read."""
    whole = Lake(Path(shutil.copytree(lake.root, tmp_path / "whole")))
    n_parts = migrate(whole, silent)
    for left in range(n_parts, 0, -1):
        parts = outdated_parts(lake)
        assert len(parts) == left
        cut_off = parts[0].path.with_name(f".{parts[0].path.name}.1-1.tmp")
        cut_off.write_bytes(parts[0].path.read_bytes()[:100])
        with pytest.raises(LakeError, match=REFUSED):
            connect(lake)
        ended = subprocess.run([sys.executable, "-c", ONE_PART, str(lake.root)], check=False)
        assert ended.returncode == (-signal.SIGKILL if left > 1 else 0)
    assert files_of(lake) == files_of(whole)


def test_row_groups_and_missing_columns_are_kept(lake: Lake) -> None:
    """A part of before the record grew stays as narrow, and long parts are read one row group at a time."""
    (part,) = lake.parts(Withdrawal)
    row = pq.ParquetFile(part).read().drop_columns(["reason"])
    pq.write_table(pa.concat_tables([row] * 5), part, row_group_size=2)
    migrate(lake, silent)
    written = pq.ParquetFile(part)
    assert [written.metadata.row_group(n).num_rows for n in range(3)] == [2, 2, 1]
    assert written.schema_arrow.names == ["trajectory_id", "target", "requested_at", "run_id"]
    assert written.schema_arrow.metadata[METADATA_VERSION] == b"2"
    described = arrow_schema(Withdrawal).field("target").metadata
    assert written.schema_arrow.field("target").metadata.items() >= described.items()


def test_a_damaged_part_is_named_and_stops_the_migration(lake: Lake) -> None:
    (part,) = lake.parts(Withdrawal)
    part.write_bytes(b"PAR1")
    with pytest.raises(LakeError, match=rf"{part} cannot be read: .*footer is missing.*factory lake repair"):
        migrate(lake, silent)
    assert lake.version() == "1"


def test_a_run_under_way_is_waited_for(lake: Lake, home: Path) -> None:
    """A rollout that writes while its lake is migrated would add parts of the earlier version."""
    import fcntl

    (home / "state").mkdir()
    with (home / "state" / "run.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = factory("lake", "migrate")
    assert refused.exit_code == 1
    assert lake.version() == "1"


@pytest.mark.slow
def test_every_view_and_check_answers_over_a_migrated_lake(lake: Lake) -> None:
    migrate(lake, silent)
    with connect(lake) as con:
        names = sql_files("views") | sql_files("marts")
        later = {"aliases", "children", "hidden", "outcomes", "refusals"}
        later |= {"facts", "list_items", "mentions", "scans", "sections", "table_cells"}
        assert {name for name in names if not con.execute(f"from {name}").fetchall()} == {"duplicate_tasks"} | later
        assert run_checks(con) == dict.fromkeys(sql_files("checks"), 0)


@pytest.mark.slow
def test_refine_and_publish_of_a_migrated_lake_repeat_decisions_and_data(lake: Lake, home: Path) -> None:
    """The golden release: the same rows are kept, and shards hold the old values; gates are added since."""
    migrate(lake, silent)
    earlier = manifest_of(next((home / "release").glob("2026-*")))
    with connect(lake) as con:
        before, gates_before = con.execute(DECISIONS).fetchall(), kept_by_gate(con)
    run_refine(load(), DAY, silent)
    with connect(lake) as con:
        assert con.execute("select count(distinct refine_id) from decision_parts").fetchall() == [(2,)]
        assert con.execute(DECISIONS).fetchall() == before
        kept = kept_by_gate(con)
        assert [
            {gate: now[gate] for gate in then} for now, then in zip(kept, gates_before, strict=True)
        ] == gates_before
    later = manifest_of(Path(str(run_publish(load(), DAY, silent)["location"])))
    assert later.name != earlier.name
    assert [one.path for one in later.shards] == [one.path for one in earlier.shards]
    for shard in earlier.shards:
        old, new = (pq.read_table(home / "release" / one.name / shard.path) for one in (earlier, later))
        assert {name for name in old.column_names if new[name].to_pylist() != old[name].to_pylist()} <= {"gates"}
    diff = factory("release", "diff", earlier.name, later.name)
    assert diff.exit_code == 0, diff.output
    assert f"{earlier.name} -> {later.name}: +0 rows, +0 tokens" in diff.stdout
    with connect(lake) as con:
        assert run_checks(con) == dict.fromkeys(sql_files("checks"), 0)


def kept_by_gate(con: duckdb.DuckDBPyConnection) -> list[dict[str, bool]]:
    """For each trajectory, whether each gate keeps it; later versions have more gates."""
    rows = [json.loads(gates) for (gates,) in con.execute(GATES).fetchall()]
    return [{gate: answer["keep"] for gate, answer in row.items()} for row in rows]


def manifest_of(release: Path) -> Manifest:
    return Manifest.model_validate_json((release / "manifest.json").read_text("utf-8"))


def test_a_release_of_version_1_is_verified_pulled_exported_and_traced(lake: Lake, home: Path) -> None:
    assert verify(str(home / "release"), silent).rows == 7
    pulled = pull(str(home / "release"), home / "pulled", silent)
    assert manifest_of(pulled).schema_version == "1"
    assert sum(export(pulled, "trl", home / "trl", silent).values()) > 0
    migrate(lake, silent)
    with connect(lake) as con:
        [(trajectory_id,)] = con.execute("select trajectory_id from published where split = 'train' limit 1").fetchall()
    traced = factory("lineage", trajectory_id)
    assert traced.exit_code == 0, traced.output
    assert "data/train-00000-of-00001.parquet" in traced.stdout
