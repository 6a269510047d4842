"""A damaged journal: intact turns are recovered, every loss is reported, and no wrong turn is ever returned."""

import asyncio
import logging
import multiprocessing
import os
import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flows.rollout.journal.drain import drain
from flows.rollout.journal.recovery import Recovered, open_journal
from schemas import Trajectory, Turn
from sources.privacy.redaction import detector_version
from tests.flows.rollout.journal.test_journal import entry, fill, rows
from warehouse.lake import Lake

NAMES = [f"t{n}" for n in range(8)]
"""The first two are in the lake, the next two are finished, the others have four turns."""
COMMITTED = 2 * 3 + 2 * 3 + 4 * 4
TOKENS = 300


async def work(path: Path, lake: Lake) -> None:
    with open_journal(path, lake)[0] as journal:
        await fill(journal, NAMES[:2])
        drain(journal, lake)
        await fill(journal, NAMES[2:4])
        await asyncio.gather(*(journal.begin(name, "setup") for name in NAMES[4:]))
        for place in range(4):
            await asyncio.gather(*(journal.commit([entry(name, place, TOKENS)]) for name in NAMES[4:]))
        if path.parent.name == "killed":
            os.kill(os.getpid(), signal.SIGKILL)


@pytest.fixture(scope="session", params=["closed", "killed"])
def worked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lake and a journal: closed cleanly, or killed while all commits are still in its log."""
    folder = tmp_path_factory.mktemp("worked") / str(request.param)
    path, lake = folder / "j.sqlite", Lake(folder / "lake")
    process = multiprocessing.get_context("fork").Process(target=lambda: asyncio.run(work(path, lake)))
    process.start()
    process.join()
    return folder


def damage(file: Path, how: str, at: float, length: int) -> None:
    raw = bytearray(file.read_bytes())
    begin = int(at * (len(raw) - 1))
    match how:
        case "cut":
            del raw[begin:]
        case "flip":
            raw[begin] ^= 1 << length % 8
        case "overwrite":
            raw[begin : begin + length] = bytes([length % 256]) * len(raw[begin : begin + length])
    file.write_bytes(raw)


def resume(folder: Path) -> tuple[int, Recovered | None]:
    """Open and drain, and check that every row equals the committed one; return the number of turns and the report."""
    path, lake = folder / "j.sqlite", Lake(folder / "lake")
    journal, recovered = open_journal(path, lake)
    with journal:
        drain(journal, lake)
        found = {name: journal.entries(name) for name in NAMES}
    for name, entries in found.items():
        size = TOKENS if name in NAMES[4:] else 5
        assert entries == [entry(name, place, size) for place in range(len(entries))]
    drained = rows(lake, Turn)
    for row in drained:
        committed = entry(str(row["trajectory_id"]), int(str(row["index"]))).turn.model_dump()
        assert row == committed | {"detector": detector_version()}
    for model in (Turn, Trajectory):
        seen = Counter((row["trajectory_id"], row.get("index")) for row in rows(lake, model))
        assert max(seen.values()) == 1
    return len(drained) + sum(map(len, found.values())), recovered


def resume_damaged(
    worked: Path, folder: Path, file: str, how: str, at: float, length: int
) -> tuple[int, Recovered | None]:
    shutil.copytree(worked, folder)
    if (folder / file).exists():
        damage(folder / file, how, at, length)
    return resume(folder)


@pytest.mark.parametrize("file", ["j.sqlite", "j.sqlite-wal"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(how=st.sampled_from(["cut", "flip", "overwrite"]), at=st.floats(0, 1), length=st.integers(1, 3_000))
@example(how="cut", at=0.5, length=1)
@example(how="cut", at=0.0, length=1)
@pytest.mark.slow
def test_no_damage_returns_a_wrong_turn_and_every_loss_is_reported(
    worked: Path, tmp_path_factory: pytest.TempPathFactory, file: str, how: str, at: float, length: int
) -> None:
    """A wrong turn would become training data; a turn that vanished silently would be tokens lost without notice."""
    turns, recovered = resume_damaged(worked, tmp_path_factory.mktemp("damaged") / "home", file, how, at, length)
    assert turns <= COMMITTED
    assert recovered or turns == COMMITTED


def test_one_flipped_bit_of_the_log_costs_at_most_four_turns(
    worked: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """SQLite ignores all frames after a broken one: minutes of work on a thousand trajectories."""
    for at in (0.1, 0.3, 0.5):
        turns, _ = resume_damaged(worked, tmp_path_factory.mktemp("flipped") / "home", "j.sqlite-wal", "flip", at, 3)
        assert turns >= COMMITTED - 4


def test_a_deleted_log_is_reported(worked: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The log looks like a temporary file to a user who tidies up; its turns would silently be sampled again."""
    shutil.copytree(worked, tmp_path / "home")
    (tmp_path / "home" / "j.sqlite-wal").unlink(missing_ok=True)
    with caplog.at_level(logging.WARNING):
        turns, recovered = resume(tmp_path / "home")
    if worked.name == "killed":
        assert turns < COMMITTED
        assert recovered is not None
        assert "transactions are missing" in caplog.text
    else:
        assert (turns, recovered) == (COMMITTED, None)


def test_a_log_without_its_journal_is_not_taken_for_a_new_journal(worked: Path, tmp_path: Path) -> None:
    """SQLite would apply the old log to an empty file."""
    shutil.copytree(worked, tmp_path / "home")
    (tmp_path / "home" / "j.sqlite").unlink()
    turns, recovered = resume(tmp_path / "home")
    assert turns >= 2 * 3
    assert (recovered is not None) == (worked.name == "killed")


def test_a_restored_old_copy_writes_no_row_twice(tmp_path: Path) -> None:
    """A restored backup does not know the lake's parts: its finished trajectories would be written again."""
    path, lake = tmp_path / "j.sqlite", Lake(tmp_path / "lake")
    with open_journal(path, lake)[0] as journal:
        asyncio.run(fill(journal, NAMES[:4]))
    old = path.read_bytes()
    with open_journal(path, lake)[0] as journal:
        drain(journal, lake)
    path.write_bytes(old)
    journal, recovered = open_journal(path, lake)
    with journal:
        drain(journal, lake)
    assert recovered is not None
    assert sorted(str(row["trajectory_id"]) for row in rows(lake, Trajectory)) == NAMES[:4]


def test_an_empty_file_is_reported_and_not_taken_for_a_new_journal(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, lake = tmp_path / "j.sqlite", Lake(tmp_path / "lake")
    path.write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        journal, recovered = open_journal(path, lake)
    journal.__exit__()
    assert recovered is not None
    assert recovered.damaged_copy.exists()
    assert "was damaged" in caplog.text


async def test_a_truncated_journal_gives_back_its_intact_turns(tmp_path: Path) -> None:
    path, lake = tmp_path / "j.sqlite", Lake(tmp_path / "lake")
    with open_journal(path, lake)[0] as journal:
        await fill(journal, [f"t{n}" for n in range(40)], turns=6, finish=False)
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])
    journal, recovered = open_journal(path, lake)
    with journal:
        assert recovered is not None
        assert recovered.damaged_copy.read_bytes() == raw[: len(raw) // 2]
        found = [journal.entries(f"t{n}") for n in range(40)]
        assert sum(map(len, found)) == recovered.turns > 0
        for n, entries in enumerate(found):
            assert entries == [entry(f"t{n}", place) for place in range(len(entries))]
