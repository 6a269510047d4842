"""The journal: committed turns survive kills and locks, and each finished trajectory reaches the lake exactly once."""

import asyncio
import sqlite3
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.rollout.journal.drain import drain
from flows.rollout.journal.file import JournalError, JournalLocked
from flows.rollout.journal.journal import GROUP_S, MANY_ATTEMPTS, Journal
from flows.rollout.journal.recovery import open_journal
from flows.rollout.journal.wal_reader import wal_frames
from flows.rollout.loop.episode import Entry, Episode
from schemas import Trajectory, Turn, Verdict
from schemas.record import arrow_schema
from sources.privacy.redaction import detector_version
from tests.doubles.lakes.planted import planted
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
RUN = DAY.isoformat()


def entry(name: str, place: int, n: int = 5) -> Entry:
    episode = Episode(name, RUN)
    episode.length = place
    return Entry(episode.message_turn("user", f"{name} {place}", list(range(n))), cue=[7, 8], forced_status="turn_cap")


def finished(name: str, turns: list[Turn]) -> Trajectory:
    blank = dict.fromkeys(Trajectory.model_fields, "x") | dict.fromkeys(
        ("sample", "seed", "n_turns", "n_tool_calls", "n_sampled_tokens", "n_observation_tokens"), 0
    )
    times = {"started_at": datetime(2026, 1, 2, tzinfo=UTC), "ended_at": datetime(2026, 1, 2, tzinfo=UTC)}
    n_tokens = sum(turn.n_tokens for turn in turns)
    alone = dict.fromkeys(("n_segments", "parent_id", "parent_call_id"))
    own = {"trajectory_id": name, "run_id": RUN, "n_tokens": n_tokens}
    return Trajectory.model_validate(blank | times | alone | own)


async def fill(journal: Journal, names: list[str], turns: int = 3, finish: bool = True) -> None:
    for name in names:
        await journal.begin(name, "setup")
    await asyncio.gather(*(journal.commit([entry(name, place) for place in range(turns)]) for name in names))
    for name in names if finish else ():
        turns_of = [one.turn for one in journal.entries(name)]
        await journal.finish(finished(name, turns_of), [verdict(name)], None)


def verdict(name: str) -> Verdict:
    blank = dict.fromkeys(Verdict.model_fields)
    values = {"trajectory_id": name, "verifier": "v", "version": "1", "passed": True, "reason": "ok", "run_id": RUN}
    return Verdict.model_validate(blank | values)


def rows(lake: Lake, model: type[Trajectory] | type[Turn] | type[Verdict]) -> list[dict[str, object]]:
    return [row for part in lake.parts(model) for row in pq.read_table(part, partitioning=None).to_pylist()]


async def test_committed_turns_are_there_after_a_restart(tmp_path: Path) -> None:
    with open_journal(tmp_path / "j.sqlite", Lake(tmp_path / "lake"))[0] as journal:
        await fill(journal, ["a"], finish=False)
        await journal.abort("a", "tool_fault: search failed", counted=True)
    with Journal(tmp_path / "j.sqlite") as journal:
        started = await journal.begin("a", "setup")
    assert started.entries == [entry("a", place) for place in range(3)]
    assert started.aborts == 1


async def test_an_attempt_of_another_setup_starts_again(tmp_path: Path) -> None:
    """Token ids of another tokenizer in the same stream would be unnoticed noise in the training data."""
    with open_journal(tmp_path / "j.sqlite", Lake(tmp_path / "lake"))[0] as journal:
        await fill(journal, ["a"], finish=False)
        started = await journal.begin("a", "another teacher")
        assert (started.entries, started.restarted) == ([], 3)
        await journal.commit([entry("a", 0)])
        assert len((await journal.begin("a", "another teacher")).entries) == 1


async def test_a_thousand_concurrent_commits_share_transactions(tmp_path: Path) -> None:
    """One fsync per turn would limit the speed of the pool."""
    with open_journal(tmp_path / "j.sqlite", Lake(tmp_path / "lake"))[0] as journal:
        await asyncio.gather(*(journal.commit([entry(f"t{n}", 0)]) for n in range(1000)))
        assert sum(frame.commits for frame in wal_frames(journal.path)) < 20
        assert journal.entries("t999") == [entry("t999", 0)]


async def test_many_attempts_do_not_sync_the_disk_for_each_turn(tmp_path: Path) -> None:
    """A thousand attempts that finish turns at different times would else spend a tenth of the CPU on transactions."""
    names = [f"t{number}" for number in range(MANY_ATTEMPTS)]
    with open_journal(tmp_path / "j.sqlite", Lake(tmp_path / "lake"))[0] as journal:
        await asyncio.gather(*(journal.begin(name, "setup") for name in names))
        before, began = journal.read("commit_count")[0][0], time.monotonic()

        async def works(name: str, pause_s: float) -> None:
            for place in range(5):
                await journal.commit([entry(name, place)])
                await asyncio.sleep(pause_s)

        await asyncio.gather(*(works(name, at / 10_000) for at, name in enumerate(names)))
        seconds = time.monotonic() - began
        assert journal.read("commit_count")[0][0] - before <= seconds / GROUP_S + 1
        assert all(len(journal.entries(name)) == 5 for name in names)


async def test_a_failed_commit_raises_in_the_coroutine_that_waits_for_it(tmp_path: Path) -> None:
    with open_journal(tmp_path / "j.sqlite", Lake(tmp_path / "lake"))[0] as journal:
        await journal.commit([entry("a", 0)])
        with pytest.raises(JournalError, match="run again"):
            await journal.commit([entry("a", 0)])
        await journal.commit([entry("a", 1)])


def test_a_second_rollout_is_refused_and_the_message_names_the_first(tmp_path: Path) -> None:
    """Two writers would sample the same turns twice."""
    path = tmp_path / "j.sqlite"
    with open_journal(path, Lake(tmp_path / "lake"))[0]:
        program = (
            f"from pathlib import Path; from flows.rollout.journal.journal import Journal; Journal(Path({str(path)!r}))"
        )
        second = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "JournalLocked" in second.stderr
    assert "in use by another rollout" in second.stderr


def test_a_lock_of_another_program_is_named_before_any_token_is_spent(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    open_journal(path, Lake(tmp_path / "lake"))[0].__exit__()
    foreign = sqlite3.connect(path, isolation_level=None)
    foreign.execute("begin exclusive")
    with pytest.raises(JournalLocked):
        Journal(path)
    foreign.close()


async def test_the_lake_gets_each_trajectory_once_with_its_turns_in_order(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    with open_journal(tmp_path / "j.sqlite", lake)[0] as journal:
        await fill(journal, ["a", "b"])
        await fill(journal, ["c"], finish=False)
        assert drain(journal, lake) == 2
        assert drain(journal, lake) == 0
        assert len(journal.entries("c")) == 3
        assert not journal.entries("a")
    assert [row["trajectory_id"] for row in rows(lake, Trajectory)] == ["a", "b"]
    assert [(row["trajectory_id"], row["index"]) for row in rows(lake, Turn)] == [
        (name, place) for name in "ab" for place in range(3)
    ]
    assert rows(lake, Turn)[0] == entry("a", 0).turn.model_dump() | {"detector": detector_version()}
    assert len(rows(lake, Verdict)) == 2


class Killed(BaseException):
    """Simulates a SIGKILL at a step of the drain."""


class FailingLake(Lake):
    """A lake whose n-th write raises Killed, either before or after the part is written."""

    def __init__(self, root: Path, at: int, after: bool) -> None:
        super().__init__(root)
        self.remaining, self.after = at, after

    def write_batches(self, *arguments: Any) -> Path:
        self.remaining -= 1
        if self.remaining == 0 and not self.after:
            raise Killed
        path = super().write_batches(*arguments)
        if self.remaining == 0:
            raise Killed
        return path


@pytest.mark.parametrize("at", range(1, 7))
@pytest.mark.parametrize("after", [False, True])
async def test_a_drain_killed_at_any_step_writes_every_row_exactly_once(tmp_path: Path, at: int, after: bool) -> None:
    path = tmp_path / "j.sqlite"
    with open_journal(path, Lake(tmp_path / "lake"))[0] as journal:
        await fill(journal, [f"t{n}" for n in range(70)], turns=1)
        with pytest.raises(Killed):
            drain(journal, FailingLake(tmp_path / "lake", at, after))
    lake = Lake(tmp_path / "lake")
    with Journal(path) as journal:
        await fill(journal, ["later"], turns=1)
        drain(journal, lake)
    names = sorted([f"t{n}" for n in range(70)] + ["later"])
    for model in (Trajectory, Turn, Verdict):
        assert sorted(str(row["trajectory_id"]) for row in rows(lake, model)) == names


async def test_a_lost_journal_leaves_no_turn_without_its_trajectory(tmp_path: Path) -> None:
    """After a kill between turns and trajectories and the loss of the journal, the turns would be in the lake twice."""
    path, lake = tmp_path / "j.sqlite", Lake(tmp_path / "lake")
    with open_journal(path, lake)[0] as journal:
        await fill(journal, ["a"])
        with pytest.raises(Killed):
            drain(journal, FailingLake(tmp_path / "lake", 2, True))
    path.unlink()
    with open_journal(path, lake)[0] as journal:
        await fill(journal, ["a"])
        drain(journal, lake)
    assert len(rows(lake, Turn)) == 3
    assert len(rows(lake, Verdict)) == 1


async def test_turns_are_scanned_for_secrets_when_they_are_drained(tmp_path: Path) -> None:
    """A turn that was not scanned would be read again by every later refine."""
    lake = Lake(tmp_path / "lake")
    key = next(one for one in planted(30, seed=7) if one.kind == "gitlab_token")
    with open_journal(tmp_path / "j.sqlite", lake)[0] as journal:
        await journal.begin("a", "setup")
        entries = [entry("a", 0), entry("a", 1)]
        entries[1] = replace(entries[1], turn=entries[1].turn.model_copy(update={"reasoning": key.text}))
        await journal.commit(entries)
        await journal.finish(finished("a", [one.turn for one in entries]), [verdict("a")], None)
        drain(journal, lake)
    found = [(row["detector"], row["secrets"]) for row in rows(lake, Turn)]
    assert found == [(detector_version(), None), (detector_version(), '{"gitlab_token": 1}')]


async def test_a_drained_part_of_turns_has_the_schema_of_the_record(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    with open_journal(tmp_path / "j.sqlite", lake)[0] as journal:
        await fill(journal, ["a"])
        drain(journal, lake)
    assert pq.read_schema(lake.parts(Turn)[0]).equals(arrow_schema(Turn))
