"""The live view: what another process sees of a rollout at work, and what it says once the rollout has ended."""

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from flows.rollout.monitor.budget import Budget
from flows.rollout.monitor.run_status import FILE, Live, begin, read, save
from flows.rollout.monitor.status_display import headline, line, markdown
from flows.rollout.monitor.throughput import Meter
from flows.rollout.pool.pool import Tally
from flows.rollout.protocol import Completion, Load, Sampling
from flows.rollout.run import Factories, run_rollout
from flows.settings import Rollout, Settings, Teacher
from tests.doubles.lakes.wiki_tasks import reading, write_wiki_tasks
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.scripted import ScriptedTeacher, open_tiny_dialect, opening, spoken
from warehouse.connect import connect
from warehouse.console.progress import bar_on, silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
FACTORY = str(Path(sys.executable).with_name("factory"))


class Held(ScriptedTeacher):
    """Holds every attempt at its third turn until it is let go; says its load, as vLLM's /metrics would."""

    free = threading.Event()

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        while spoken(tiny.decode(prompt_ids)) == 2 and not self.free.is_set():
            await asyncio.sleep(0.02)
        return await super().generate(prompt_ids, sampling, session)

    def loads(self) -> list[Load]:
        asked = 100 * len(self.exchanges)
        here = Load("scripted", kv_tokens=1_000_000, kv_used=0.42, running=4, waiting=3, prefix_queries=asked)
        gone = Load("gone", up=False, kv_tokens=1_000_000)
        return [Load(**here.__dict__ | {"prefix_hits": asked * 9 // 10}), gone]


def status(home: Path) -> str:
    """What `factory status`, another process, says."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FACTORY_")}
    clean |= {"COLUMNS": "160"}
    return subprocess.run([FACTORY, "status"], cwd=home, env=clean, capture_output=True, text=True, check=True).stdout


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_another_process_sees_a_rollout_at_work_and_then_how_it_ended(tmp_path: Path) -> None:
    """A night on GPU servers that nobody can look into is found broken in the morning."""
    asked = Teacher(engine="vllm", urls=["http://a", "http://b"], tensor_parallel=2)
    settings = Settings(home=tmp_path, rollout=Rollout(max_in_flight=4), teacher=asked)
    write_wiki_tasks(Lake(settings.lake), DAY, 6, samples=1)
    teacher, told = Held(reading), []
    staff = Factories(opening(teacher), open_tiny_dialect)
    night = threading.Thread(target=lambda: told.append(run_rollout(settings, DAY, silent, staff)))
    night.start()
    try:
        until(lambda: (live := read(settings.state)) is not None and live.turns == 8)
        said = status(tmp_path)
    finally:
        teacher.free.set()
        night.join(60)
    seen = ("works since", "4 at work", "2 not begun", "90.0% of looked-up", "42% in use", "1 of 2 up", "3 wait")
    assert [part for part in (*seen, "(4 by the settings x ", "kept none yet") if part not in said] == []
    ended = status(tmp_path)
    assert "came to its end" in ended
    assert "6 of 6 finished" in ended
    assert "works since" not in ended
    assert told[0]["finished"] == 6


def test_a_rollout_that_was_killed_is_told_from_one_that_works(tmp_path: Path) -> None:
    """`working`, for ever, said of a process that is gone, keeps a night from being started again."""
    live = begin(DAY.isoformat(), "vllm", 2, 10)
    save(live, tmp_path)
    assert live.works
    child = subprocess.Popen(["sleep", "60"])
    save(live.model_copy(update={"pid": child.pid}), tmp_path)  # its number is taken, but by another process
    found = read(tmp_path)
    child.kill()
    child.wait()
    assert found is not None
    assert not found.works
    assert "was killed" in headline(found)
    assert "10 attempts go on with the next run" in headline(found)


@pytest.mark.slow
def test_a_killed_run_is_written_down_by_the_next_one_once(tmp_path: Path) -> None:
    """GPU hours that a kill took would be missing from what a kept trajectory cost."""
    settings = Settings(home=tmp_path)
    write_wiki_tasks(Lake(settings.lake), DAY, 1, samples=1)
    killed = begin(DAY.isoformat(), "vllm", 2, 10).model_copy(update={"teacher_s": 60.0, "born": 1})
    save(killed, settings.state)
    staff = Factories(opening(ScriptedTeacher(reading)), open_tiny_dialect)
    for _ in range(2):
        run_rollout(settings, DAY, silent, staff)
        save(killed, settings.state)  # as if the kill had come between the row and the file
    with connect(Lake(settings.lake)) as con:
        found = con.execute("select ending, gpu_seconds from rollouts order by started_at").fetchall()
    assert found == [("killed", 120.0), ("done", 0.0)]


def test_a_state_file_that_cannot_be_read_is_no_rollout(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"run_id": ')
    assert read(tmp_path) is None


def meter(planned: int = 100, budget: Budget | None = None, kept_turns: int = 0) -> Meter:
    return Meter(begin("2026-01-02", "vllm", 4, planned), budget or Budget(), kept_turns, 0.0)


def test_rates_are_of_the_last_minute() -> None:
    """Over the whole night, a stall of ten minutes would hardly be seen."""
    measured, seen = meter(), None
    for second in range(0, 301, 10):
        turns = 10 * second if second <= 200 else 2_000
        seen = measured.look(Tally(turns=turns, sampled_tokens=100 * turns), [], float(second))
    assert seen is not None
    assert (seen.turns_per_s, seen.tokens_per_s, seen.working_s) == (0.0, 0.0, 300.0)
    half = measured.look(Tally(turns=2_300, sampled_tokens=0), [], 330.0)
    assert half.turns_per_s == pytest.approx(300 / 60)


def test_a_server_that_starts_again_loses_no_counts() -> None:
    """Its counters begin at nothing: read as they stand, the hit share of a night would be nonsense."""
    measured = meter()
    for queries, hits in ((1_000, 500), (2_000, 1_400), (100, 90), (200, 180)):
        seen = measured.look(Tally(), [Load("a", prefix_queries=queries, prefix_hits=hits)], 1.0)
    assert seen.cache_hit == pytest.approx((900 + 90 + 90) / (1_000 + 100 + 100))


def test_what_a_server_counted_before_it_was_heard_is_not_of_this_run() -> None:
    """One that is back after an hour brings the counts of a week with it."""
    measured = meter()
    counted = ((False, 0, 0), (True, 0, 0), (True, 9_000, 100), (True, 9_100, 190))
    for up, queries, hits in counted:
        seen = measured.look(Tally(), [Load("a", up=up, prefix_queries=queries, prefix_hits=hits)], 1.0)
    assert seen.cache_hit == pytest.approx(0.9)


def test_the_end_is_expected_by_what_finished_attempts_took() -> None:
    """Ten of a hundred took five turns each; the others have made twenty-five of theirs, at one a second."""
    measured = meter(kept_turns=5)
    measured.look(Tally(), [], 0.0)
    seen = measured.look(Tally(turns=70, finished=10, finished_turns=50, sampled_tokens=700), [], 70.0)
    assert seen.left_s == pytest.approx(90 * 5 - 25)
    assert measured.look(Tally(), [], 71.0).left_s is None
    hurried = meter(budget=Budget(max_tokens=1_000))
    hurried.look(Tally(), [], 0.0)
    seen = hurried.look(Tally(turns=70, finished=10, finished_turns=50, sampled_tokens=700), [], 70.0)
    assert seen.left_s == pytest.approx(30)


def test_the_gpus_are_paid_for_from_asking_for_the_teacher_until_it_is_let_go() -> None:
    """A server that loads its weights for ten minutes costs as much as one that works."""
    measured = meter()
    measured.ask(10.0)
    measured.look(Tally(), [], 610.0)
    measured.let_go(700.0)
    assert measured.end("done", "").gpu_seconds == 4 * 690


def troubled() -> Live:
    """A large night with a little of everything."""
    measured = meter(planned=100_000)
    measured.ask(0.0)
    faults = Counter(tool_fault=2, teacher_error=1)
    tally = Tally(
        in_flight=900, waiting=124, turns=9_000, sampled_tokens=4_500_000, finished=1_234, finished_turns=6_000
    )
    loads = [Load("a", kv_tokens=10, kv_used=0.87, waiting=3), Load("b", up=False)]
    measured.look(Tally(), loads, 0.0)
    tally.faults = faults
    loads[0] = Load("a", kv_tokens=10, kv_used=0.87, waiting=3, prefix_queries=100, prefix_hits=97)
    return measured.look(tally, loads, 300.0)


def test_the_bar_is_one_line_of_120_columns_that_says_the_pace(tmp_path: Path) -> None:
    """A line that wraps scrolls the terminal away, twice a second, all night."""
    live, out = troubled(), StringIO()
    console = Console(file=out, width=120, force_terminal=True, color_system=None)
    bar = bar_on(console)
    bar.add_task("rollout", total=live.planned, completed=live.done, note=line(live))
    console.print(bar.make_tasks_table(bar.tasks))
    (shown,) = [row for row in out.getvalue().splitlines() if row.strip()]
    assert len(shown) <= 120
    for part in ("1234/100000", "900+124", "turns/s", "tok/s", "1/2 up", "3 faults", "left"):
        assert part in shown


def test_a_hostile_error_reaches_no_terminal_and_no_page_as_it_is(tmp_path: Path) -> None:
    """Errors quote what servers said; in a table they must stay one cell."""
    live = troubled().model_copy(update={"ending": "failed", "detail": "\x1b[2J<script>|x|\nboom"})
    with connect(Lake(tmp_path)) as con:
        said = markdown(live, con)
    assert "<script>" not in said
    assert "\x1b" not in said
    assert re.search(r"failed \(.*boom\)", said)
