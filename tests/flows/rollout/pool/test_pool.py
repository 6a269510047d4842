"""The pool within a run: full slots, one failing attempt among good ones, and an outage of the teacher."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.rollout.briefs import RolloutError
from flows.rollout.journal.file import JournalLocked
from flows.rollout.journal.recovery import open_journal
from flows.rollout.protocol import Completion, Sampling, TeacherError, TeacherRefused
from flows.rollout.run import Factories, run_rollout
from flows.rollout.server_load import Load
from flows.settings import Rollout, Settings
from flows.settings import Teacher as TeacherSettings
from schemas import Record, Trajectory, Turn, Verdict
from tests.doubles.lakes.wiki_tasks import reading, write_wiki_tasks
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.scripted import ScriptedTeacher, TinyDialect, open_tiny_dialect, opening, spoken
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)


def home(tmp_path: Path, **rollout: Any) -> Settings:
    return Settings(home=tmp_path, rollout=Rollout(**rollout))


def roll_out(settings: Settings, teacher: ScriptedTeacher, day: date = DAY) -> dict[str, int | str]:
    return run_rollout(settings, day, silent, Factories(opening(teacher), open_tiny_dialect))


def rows(settings: Settings, model: type[Record]) -> list[dict[str, Any]]:
    parts = Lake(settings.lake).parts(model)
    return [row for part in parts for row in pq.read_table(part, partitioning=None).to_pylist()]


@pytest.mark.slow
def test_a_run_leaves_consistent_trajectories_turns_and_verdicts(tmp_path: Path) -> None:
    settings = home(tmp_path)
    tasks = write_wiki_tasks(Lake(settings.lake), DAY, 5)
    counts = roll_out(settings, ScriptedTeacher(reading))
    assert counts == {"planned": 10, "finished": 10, "given_up": 0, "pending": 0, "turns": 30} | {
        "sampled_tokens": sum(row["n_sampled_tokens"] for row in rows(settings, Trajectory))
    }
    for row in rows(settings, Trajectory):
        turns = [turn for turn in rows(settings, Turn) if turn["trajectory_id"] == row["trajectory_id"]]
        assert [turn["index"] for turn in turns] == list(range(7))
        assert row["n_tokens"] == sum(len(turn["token_ids"]) for turn in turns)
        assert (row["status"], row["n_turns"], row["n_tool_calls"]) == ("answered", 3, 2)
        assert row["answer"] == next(task.answer for task in tasks if task.task_id == row["task_id"])
    assert {(row["verifier"], row["passed"]) for row in rows(settings, Verdict)} == {
        (name, True) for name in ("exact_match", "contains_answer", "evidence_consulted", "tool_calls")
    }


@pytest.mark.slow
def test_without_planned_attempts_no_teacher_is_started(tmp_path: Path) -> None:
    """A GPU server takes minutes to start."""
    settings = home(tmp_path)
    write_wiki_tasks(Lake(settings.lake), DAY, 2)
    roll_out(settings, ScriptedTeacher(reading))

    def never(settings: TeacherSettings, logs: Path) -> Any:
        pytest.fail("the teacher was started")

    again = run_rollout(settings, DAY, silent, Factories(never, open_tiny_dialect))
    assert again["planned"] == 0


@pytest.mark.slow
def test_the_pool_fills_its_slots_and_never_exceeds_them(tmp_path: Path) -> None:
    settings = home(tmp_path, max_in_flight=6)
    write_wiki_tasks(Lake(settings.lake), DAY, 12)

    class BarrierTeacher(ScriptedTeacher):
        """Completes requests only in groups of six concurrent ones."""

        barrier = asyncio.Barrier(6)
        busy = most = 0

        async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
            self.busy += 1
            self.most = max(self.most, self.busy)
            await asyncio.wait_for(self.barrier.wait(), 20)
            self.busy -= 1
            return await super().generate(prompt_ids, sampling, session)

    teacher = BarrierTeacher(reading)
    assert roll_out(settings, teacher)["finished"] == 24
    assert teacher.most == 6


@pytest.mark.slow
def test_a_slow_episode_does_not_block_the_others(tmp_path: Path) -> None:
    """There are no batches: all other attempts pass through the remaining slot."""
    settings = home(tmp_path, max_in_flight=2)
    write_wiki_tasks(Lake(settings.lake), DAY, 12, samples=1)

    class SlowForOne(ScriptedTeacher):
        async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
            if "(3)" in tiny.decode(prompt_ids):
                async with asyncio.timeout(20):
                    while len(self.exchanges) < 11 * 3:
                        await asyncio.sleep(0.005)
            return await super().generate(prompt_ids, sampling, session)

    assert roll_out(settings, SlowForOne(reading))["finished"] == 12


@pytest.mark.slow
def test_long_tasks_start_first(tmp_path: Path) -> None:
    """Started last, they would run at the end on a nearly idle server."""
    settings = home(tmp_path, max_in_flight=1)
    tasks = write_wiki_tasks(Lake(settings.lake), DAY, 6, samples=1)
    teacher = ScriptedTeacher(reading)
    roll_out(settings, teacher)
    hops = {row["task_id"]: row["started_at"] for row in rows(settings, Trajectory)}
    order = [task.hops for task in sorted(tasks, key=lambda task: hops[task.task_id])]
    assert order == sorted(order, reverse=True)


@pytest.mark.slow
def test_rows_can_be_queried_while_the_rollout_runs(tmp_path: Path) -> None:
    settings = home(tmp_path, max_in_flight=8)
    write_wiki_tasks(Lake(settings.lake), DAY, 30)
    gate = threading.Event()
    seen: list[int] = []

    class Slow(ScriptedTeacher):
        async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
            while len(self.exchanges) >= 120 and not gate.is_set():
                await asyncio.sleep(0.01)
            return await super().generate(prompt_ids, sampling, session)

    def query() -> None:
        for _ in range(150):
            time.sleep(0.1)
            with connect(Lake(settings.lake)) as con:
                seen.append(con.sql("select count(*) from trajectories").fetchall()[0][0])
            if seen[-1]:
                break
        gate.set()

    querying = threading.Thread(target=query)
    querying.start()
    roll_out(settings, Slow(reading))
    querying.join()
    assert 0 < seen[-1] < 60
    assert len(rows(settings, Trajectory)) == 60


def failing(part: str, error: Callable[[], Exception]) -> Callable[[str], None]:
    """Return a function that fails every prompt with this text, at its second turn."""

    def fail(prompt: str) -> None:
        if part in prompt and spoken(prompt) == 1:
            raise error()

    return fail


@pytest.mark.slow
def test_an_attempt_that_the_teacher_always_fails_is_retried_and_then_given_up(tmp_path: Path) -> None:
    """It is neither lost without a row nor retried for ever, and it keeps its sampled turns."""
    settings = home(tmp_path, max_starts=3, max_in_flight=2)
    write_wiki_tasks(Lake(settings.lake), DAY, 4, samples=1)
    teacher = ScriptedTeacher(reading, failing=failing("(2)", lambda: TeacherError("the reply is no JSON")))
    first = roll_out(settings, teacher)
    assert (first["finished"], first["pending"], first["given_up"]) == (3, 1, 0)
    assert roll_out(settings, teacher)["pending"] == 1
    assert roll_out(settings, teacher)["given_up"] == 1
    assert roll_out(settings, teacher)["planned"] == 0
    aborted = [row for row in rows(settings, Trajectory) if row["status"] == "aborted"]
    assert [(row["error"], row["n_turns"]) for row in aborted] == [("teacher_error", 1)]
    assert len(teacher.exchanges) == 3 * 3 + 1


@pytest.mark.slow
def test_a_transient_failure_costs_no_finished_turn(tmp_path: Path) -> None:
    settings = home(tmp_path)
    write_wiki_tasks(Lake(settings.lake), DAY, 4, samples=1)
    teacher = ScriptedTeacher(reading, failing=failing("(2)", lambda: TeacherRefused("context exceeded")))
    roll_out(settings, teacher)
    teacher.failing = lambda prompt: None
    roll_out(settings, teacher)
    assert [row["status"] for row in rows(settings, Trajectory)] == ["answered"] * 4
    assert len(teacher.exchanges) == 4 * 3


@pytest.mark.slow
def test_an_outage_stops_the_pool_and_costs_no_attempt_a_start(tmp_path: Path) -> None:
    """Otherwise one outage would give up attempts that did not cause it."""
    settings = home(tmp_path, max_starts=1, max_in_flight=4)
    write_wiki_tasks(Lake(settings.lake), DAY, 20, samples=1)

    def fail(prompt: str) -> None:
        raise TeacherError("the connection failed")

    teacher = ScriptedTeacher(reading, failing=fail)
    with pytest.raises(TeacherError, match="Nothing is lost"):
        roll_out(settings, teacher)
    assert not rows(settings, Trajectory)
    teacher.failing = lambda prompt: None
    assert roll_out(settings, teacher)["finished"] == 20


@pytest.mark.slow
def test_a_bug_in_one_attempt_does_not_stop_the_others(tmp_path: Path) -> None:
    settings = home(tmp_path, max_starts=1)
    write_wiki_tasks(Lake(settings.lake), DAY, 4, samples=1)
    counts = roll_out(settings, ScriptedTeacher(reading, failing=failing("(1)", lambda: ZeroDivisionError("oops"))))
    assert (counts["finished"], counts["given_up"]) == (3, 1)
    assert {row["error"] for row in rows(settings, Trajectory)} == {None, "ZeroDivisionError"}


def test_ids_without_a_logprob_for_each_are_not_stored(tmp_path: Path) -> None:
    class MissingLogprob(ScriptedTeacher):
        async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
            found = await super().generate(prompt_ids, sampling, session)
            return Completion(found.token_ids, found.logprobs[1:], found.finish_reason)

    settings = home(tmp_path, max_starts=1)
    write_wiki_tasks(Lake(settings.lake), DAY, 1, samples=1)
    assert roll_out(settings, MissingLogprob(reading))["given_up"] == 1
    assert rows(settings, Trajectory)[0]["n_turns"] == 0


@pytest.mark.slow
def test_a_teacher_that_refuses_at_the_start_loses_nothing(tmp_path: Path) -> None:
    settings = home(tmp_path)
    write_wiki_tasks(Lake(settings.lake), DAY, 2)

    def refusing(settings: TeacherSettings, logs: Path) -> Any:
        raise TeacherRefused("it serves another model")

    with pytest.raises(TeacherRefused, match="another model"):
        run_rollout(settings, DAY, silent, Factories(refusing, open_tiny_dialect))
    assert roll_out(settings, ScriptedTeacher(reading))["finished"] == 4


def test_tasks_with_unknown_tools_are_refused_before_the_teacher_starts(tmp_path: Path) -> None:
    settings = home(tmp_path)
    write_wiki_tasks(Lake(settings.lake), DAY, 1, tools=["search", "fly"])
    with pytest.raises(RolloutError, match="tools fly; there are find, open, search"):
        roll_out(settings, ScriptedTeacher(reading))


def test_a_second_rollout_is_refused_before_a_token_is_spent(tmp_path: Path) -> None:
    settings, teacher = home(tmp_path), ScriptedTeacher(reading)
    write_wiki_tasks(Lake(settings.lake), DAY, 1)
    with open_journal(settings.state / "journal.sqlite", Lake(settings.lake))[0], pytest.raises(JournalLocked):
        roll_out(settings, teacher)
    assert not teacher.exchanges


@pytest.mark.slow
def test_an_attempt_of_another_teacher_starts_again(tmp_path: Path) -> None:
    settings = home(tmp_path)
    write_wiki_tasks(Lake(settings.lake), DAY, 3, samples=1)
    roll_out(settings, ScriptedTeacher(reading, failing=failing("(2)", lambda: TeacherRefused("no"))))

    class OtherDialect(TinyDialect):
        template_sha256 = "another"

    factories = Factories(opening(ScriptedTeacher(reading)), lambda settings, teacher: OtherDialect())
    run_rollout(settings, DAY, silent, factories)
    made = [row for row in rows(settings, Trajectory) if row["template_sha256"] == "another"]
    turns = [turn for turn in rows(settings, Turn) if turn["trajectory_id"] == made[0]["trajectory_id"]]
    assert [turn["index"] for turn in turns] == list(range(7))


@pytest.mark.slow
def test_one_process_runs_seven_hundred_attempts_at_once(tmp_path: Path) -> None:
    settings = home(tmp_path, max_in_flight=700)
    write_wiki_tasks(Lake(settings.lake), DAY, 350)
    teacher = ScriptedTeacher(reading, delay_s=0.05)
    assert roll_out(settings, teacher)["finished"] == 700


@pytest.mark.slow
def test_an_attempt_can_be_finished_by_a_later_run(tmp_path: Path) -> None:
    """A trajectory belongs, with all its turns, to the run that finished it."""
    settings = home(tmp_path)
    write_wiki_tasks(Lake(settings.lake), DAY, 2, samples=1)
    teacher = ScriptedTeacher(reading, failing=failing("(1)", lambda: TeacherRefused("no")))
    roll_out(settings, teacher)
    teacher.failing = lambda prompt: None
    roll_out(settings, teacher, date(2026, 1, 3))
    late = [row for row in rows(settings, Turn) if row["run_id"] == "2026-01-03"]
    assert [row["index"] for row in late] == list(range(7))


@pytest.mark.slow
def test_a_teacher_that_is_gone_at_the_end_of_a_run_counts_against_no_attempt(tmp_path: Path) -> None:
    """The last attempts of three nights with a crash would be given up, and each night would pass for a success."""
    settings = home(tmp_path, max_starts=1, max_in_flight=4)
    write_wiki_tasks(Lake(settings.lake), DAY, 1, samples=3)

    class Gone(ScriptedTeacher):
        def loads(self) -> list[Load]:
            return [Load("scripted", up=False)]

    def refuse(prompt: str) -> None:
        raise TeacherError("the connection failed")

    with pytest.raises(TeacherError, match="failed 3 attempts in a row"):
        roll_out(settings, Gone(reading, failing=refuse))
    assert roll_out(settings, ScriptedTeacher(reading))["finished"] == 3
