"""Sketches: long text is read once, and the bytes do not depend on threads, batches or the size of parts."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import psutil
import pytest

from flows.refine.background_prepare import preparing_in_background
from flows.refine.decide import run_refine
from flows.refine.dedupe import sketch
from flows.refine.dedupe.dedupe import find_clusters, find_duplicate_pairs
from flows.refine.dedupe.sketch import Sketch, SketchError, open_sketch, sketch_parts
from flows.refine.gates.candidates import make_candidates
from flows.refine.gates.parameters import bind_parameters
from flows.settings import Settings
from schemas import Turn
from tests.doubles.lakes.labelled_lake import LabelledLake, Shape
from tests.doubles.lakes.small_lake import make_small_lake, write_records, write_small_lake
from warehouse.connect import connect, sql_files
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 11, 20)


def sketch_all(con: duckdb.DuckDBPyConnection, lake: Lake, home: Path) -> None:
    """Make `turn_facts` of every part, as refine does."""
    parameters = bind_parameters(con, Settings(home=home)) | {"decontaminating": True}
    sketch_parts(con, lake, open_sketch(con, home, parameters), silent)


def sketched(lake: Lake, home: Path, threads: int = 2) -> dict[str, bytes]:
    """The bytes of every file of the sketch."""
    with connect(lake, threads=threads) as con:
        sketch_all(con, lake, home)
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in home.rglob("*.parquet")}


@pytest.mark.slow
def test_threads_and_batches_change_no_byte(tmp_path: Path) -> None:
    """The work can be spread over processes and machines: a part's file does not depend on its writer."""
    lake = Lake(tmp_path / "lake")
    for seq in range(3):
        write_records(lake, DAY, make_small_lake(DAY, n_tasks=3, samples=2, seed=seq), seq)
    whole = sketched(lake, tmp_path / "one", threads=1)
    assert sketched(lake, tmp_path / "four", threads=4) == whole
    one_by_one: dict[str, bytes] = {}
    for part in lake.parts(Turn):
        other = Lake(tmp_path / part.stem)
        shutil.copytree(lake.root, other.root)
        for elsewhere in {path.name for path in lake.parts(Turn)} - {part.name}:
            next(other.root.glob(f"turn/*/{elsewhere}")).unlink()
        one_by_one |= sketched(other, tmp_path / f"sketches of {part.stem}")
    assert one_by_one == whole


def test_many_parts_are_read_by_several_queries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory does not grow with the lake, and the split into queries changes no row."""
    lake = Lake(tmp_path / "lake")
    for seq in range(4):
        write_records(lake, DAY, make_small_lake(DAY, n_tasks=2, seed=seq), seq)
    whole = sketched(lake, tmp_path / "one")
    monkeypatch.setattr(sketch, "BATCH_BYTES", 2 * max(part.stat().st_size for part in lake.parts(Turn)))
    messages: list[str] = []
    with connect(lake) as con:
        parameters = bind_parameters(con, Settings(home=tmp_path)) | {"decontaminating": True}
        sketch_parts(
            con, lake, open_sketch(con, tmp_path / "two", parameters), lambda *reported: messages.append(reported[2])
        )
    assert len(messages) > 1
    assert {
        f"{path.parent.name}/{path.name}": path.read_bytes() for path in (tmp_path / "two").rglob("*.parquet")
    } == whole


@pytest.mark.slow
def test_a_second_night_reads_the_new_part_only(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    lake = Lake(settings.lake)
    write_small_lake(lake, DAY)
    run_refine(settings, DAY, silent)
    files = {path: path.stat().st_mtime_ns for path in (settings.state / "sketches").rglob("*.parquet")}
    write_small_lake(lake, date(2026, 11, 21), seed=7)
    run_refine(settings, date(2026, 11, 21), silent)
    after = {path: path.stat().st_mtime_ns for path in (settings.state / "sketches").rglob("*.parquet")}
    assert {path: after[path] for path in files} == files
    assert len(after) > len(files)


@pytest.mark.slow
def test_a_part_that_is_replaced_or_removed_takes_its_sketch_with_it(tmp_path: Path) -> None:
    """A stale sketch would decide on text that no longer exists."""
    lake = Lake(tmp_path / "lake")
    write_small_lake(lake, DAY)
    before = sketched(lake, tmp_path / "sketches").keys()
    write_small_lake(lake, DAY, seed=1)
    assert len(before & sketched(lake, tmp_path / "sketches").keys()) == 1
    lake.parts(Turn)[0].unlink()
    assert all(name.endswith("/empty.parquet") for name in sketched(lake, tmp_path / "sketches"))


@pytest.mark.slow
def test_files_that_another_process_is_writing_are_left_alone(tmp_path: Path) -> None:
    """Removing them would fail the other process; abandoned files would fill the disk."""
    settings = Settings(home=tmp_path)
    write_small_lake(Lake(settings.lake), DAY)
    run_refine(settings, DAY, silent)
    (folder,) = (settings.state / "sketches").iterdir()
    writing, left = folder / ".some-part.parquet.4711.tmp", folder / ".other-part.parquet.4712.tmp"
    for path in (writing, left):
        path.write_bytes(b"PAR1")
    os.utime(left, (time.time() - 5_000,) * 2)
    write_small_lake(Lake(settings.lake), date(2026, 11, 21), seed=7)
    run_refine(settings, date(2026, 11, 21), silent)
    assert (writing.exists(), left.exists()) == (True, False)


def test_an_attempt_in_two_parts_is_sketched_for_both(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    made = make_small_lake(DAY, n_tasks=2)
    write_records(lake, DAY, made, 0)
    write_records(lake, DAY, made, 1)
    files = sketched(lake, tmp_path / "sketches")
    of_parts = [data for name, data in files.items() if "empty" not in name]
    assert of_parts[0] == of_parts[1]


def test_a_sketch_file_that_loses_turns_is_refused(tmp_path: Path) -> None:
    """Gates would keep turns that they never read."""
    lake = Lake(tmp_path / "lake")
    write_small_lake(lake, DAY)
    with connect(lake) as con:
        adding = {**sql_files("sketches"), "90_own": "select * from turn_part where role <> 'tool'"}
        own = Sketch(adding, {}, bind_parameters(con, Settings(home=tmp_path)), tmp_path / "sketches" / "own")
        with pytest.raises(SketchError, match=r"of 132 turns.*has 84 rows"):
            sketch_parts(con, lake, own, silent)


def clusters_of(lake: Lake, home: Path, threads: int) -> list[tuple[object, ...]]:
    with connect(lake, threads=threads) as con:
        make_candidates(con)
        con.execute("create temp table answers (gate varchar, trajectory_id varchar, keep boolean, decides boolean)")
        sketch_all(con, lake, home)
        find_duplicate_pairs(con, {"near_duplicate_threshold": Settings().refine.near_duplicate_threshold})
        find_clusters(con)
        return con.execute("select * from clusters order by all").fetchall()


@pytest.mark.slow
def test_labelled_copies_and_no_others_are_found_in_any_order(tmp_path: Path) -> None:
    """Copies that lost, gained or swapped turns or words are found; branches, siblings and page-sharers are kept."""
    made = LabelledLake(Shape(256, calls=16, words=100, page_chars=50))
    there, back = Lake(tmp_path / "there"), Lake(tmp_path / "back")
    made.write(there)
    made.write(back, reversed(range(256)))
    found = clusters_of(there, tmp_path / "one", threads=1)
    pairs = {tuple(sorted((str(a[0]), str(b[0])))) for a in found for b in found if a[0] != b[0] and a[1] == b[1]}
    assert len(made.pairs() - pairs) <= 0.03 * len(made.pairs())
    assert pairs <= made.pairs()
    assert clusters_of(back, tmp_path / "two", threads=4) == found


@pytest.mark.slow
def test_parts_sketched_during_a_rollout_give_the_same_decisions(tmp_path: Path) -> None:
    """Preparing parts while the teacher works shortens refine and changes no decision."""
    ahead, after = Settings(home=tmp_path / "ahead"), Settings(home=tmp_path / "after")
    with preparing_in_background(ahead, pause_s=0.05):
        for settings in (ahead, after):
            write_small_lake(Lake(settings.lake), DAY)
        assert soon(lambda: len(files_of(ahead)) == 2)
    files = files_of(ahead)
    for settings in (ahead, after):
        run_refine(settings, DAY, silent)
    assert files_of(ahead) == files
    assert decisions(ahead) == decisions(after)


ROLLOUT = """
import sys, time
from pathlib import Path
from flows.refine.background_prepare import preparing_in_background
from flows.settings import Settings
if __name__ == "__main__":
    with preparing_in_background(Settings(home=Path(sys.argv[1])), pause_s=0.05):
        print("started", flush=True)
        time.sleep(60)
"""


@pytest.mark.slow
def test_the_background_process_ends_with_a_killed_rollout(tmp_path: Path) -> None:
    """An orphaned process would read the lake for ever."""
    script = tmp_path / "rollout.py"
    script.write_text(ROLLOUT)
    with subprocess.Popen([sys.executable, script, tmp_path], stdout=subprocess.PIPE) as rollout:
        assert rollout.stdout is not None
        assert rollout.stdout.readline() == b"started\n"
        children = psutil.Process(rollout.pid).children(recursive=True)
        assert soon(lambda: any("spawn_main" in " ".join(child.cmdline()) for child in children))
        rollout.kill()
    assert soon(lambda: not any(child.is_running() and child.status() != "zombie" for child in children))


def files_of(settings: Settings) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (settings.state / "sketches").glob("*/*.parquet")}


def decisions(settings: Settings) -> list[tuple[object, ...]]:
    with connect(Lake(settings.lake)) as con:
        return con.execute("select * exclude (decided_at) from decisions order by trajectory_id").fetchall()


def soon(happens: Callable[[], bool]) -> bool:
    """True if it happens within a minute."""
    deadline = time.monotonic() + 60
    while not happens() and time.monotonic() < deadline:
        time.sleep(0.05)
    return happens()
