"""The live status: another process sees a running rollout, and afterwards how it ended."""

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
from flows.rollout.monitor.run_status import FILE, RunStatus, new_status, read_status, save_status
from flows.rollout.monitor.status_display import facts, headline, markdown, progress_line
from flows.rollout.monitor.throughput import Meter
from flows.rollout.pool.counts import PoolCounts
from flows.rollout.protocol import Completion, Sampling
from flows.rollout.run import Factories, run_rollout
from flows.rollout.server_load import Load
from flows.rollout.tools.observation import Observation
from flows.settings import Rollout, Settings, Teacher
from tests.doubles.lakes.wiki_tasks import reading, write_wiki_tasks
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.scripted import ScriptedTeacher, open_tiny_dialect, opening, spoken
from warehouse.connect import connect
from warehouse.console.progress import progress_bar, silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
FACTORY = str(Path(sys.executable).with_name("factory"))


class PausingTeacher(ScriptedTeacher):
    """Pauses every attempt at its third turn until `resume` is set, and reports loads as vLLM's /metrics would."""

    resume = threading.Event()

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        while spoken(tiny.decode(prompt_ids)) == 2 and not self.resume.is_set():
            await asyncio.sleep(0.02)
        return await super().generate(prompt_ids, sampling, session)

    def loads(self) -> list[Load]:
        looked_up = 100 * len(self.exchanges)
        here = Load("scripted", kv_tokens=1_000_000, kv_used=0.42, running=4, waiting=3, prefix_queries=looked_up)
        down = Load("down", up=False, kv_tokens=1_000_000)
        return [Load(**here.__dict__ | {"prefix_hits": looked_up * 9 // 10}), down]


def factory_status(home: Path) -> str:
    """Return the output of `factory status`, run as another process."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FACTORY_")}
    clean |= {"COLUMNS": "160"}
    return subprocess.run([FACTORY, "status"], cwd=home, env=clean, capture_output=True, text=True, check=True).stdout


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_another_process_sees_a_running_rollout_and_then_how_it_ended(tmp_path: Path) -> None:
    """Without a live status, a broken run on GPU servers is noticed only in the morning."""
    chosen = Teacher(engine="vllm", urls=["http://a", "http://b"], tensor_parallel=2)
    settings = Settings(home=tmp_path, rollout=Rollout(max_in_flight=4), teacher=chosen)
    write_wiki_tasks(Lake(settings.lake), DAY, 6, samples=1)
    teacher, results = PausingTeacher(reading), []
    factories = Factories(opening(teacher), open_tiny_dialect)
    run = threading.Thread(target=lambda: results.append(run_rollout(settings, DAY, silent, factories)))
    run.start()
    try:
        wait_until(lambda: (status := read_status(settings.state)) is not None and status.turns == 8)
        output = factory_status(tmp_path)
    finally:
        teacher.resume.set()
        run.join(60)
    shown = ("running for", "4 running", "2 not started", "90.0% of looked-up", "42% in use", "1 of 2 up", "3 waiting")
    assert [part for part in (*shown, "(4 GPUs in the settings x ", "kept none yet") if part not in output] == []
    ended = factory_status(tmp_path)
    assert "completed" in ended
    assert "6 of 6 finished" in ended
    assert "running for" not in ended
    assert results[0]["finished"] == 6


def test_a_killed_rollout_is_distinguished_from_a_running_one(tmp_path: Path) -> None:
    """A status that stayed `running` after a kill would keep the user from starting the run again."""
    status = new_status(DAY.isoformat(), "vllm", 2, 10)
    save_status(status, tmp_path)
    assert status.is_running
    child = subprocess.Popen(["sleep", "60"])
    save_status(status.model_copy(update={"pid": child.pid}), tmp_path)  # another process has the pid
    found = read_status(tmp_path)
    child.kill()
    child.wait()
    assert found is not None
    assert not found.is_running
    assert "was killed" in headline(found)
    assert "10 attempts are left for the next run" in headline(found)


def test_a_single_attempt_is_left_in_the_singular() -> None:
    status = new_status(DAY.isoformat(), "vllm", 2, 10).model_copy(update={"ending": "budget", "finished": 9})
    assert headline(status).endswith("; 1 attempt is left for the next run")


@pytest.mark.slow
def test_a_killed_run_is_recorded_once_by_the_next_run(tmp_path: Path) -> None:
    """The GPU hours of a killed run belong to the cost of kept trajectories."""
    settings = Settings(home=tmp_path)
    write_wiki_tasks(Lake(settings.lake), DAY, 1, samples=1)
    killed = new_status(DAY.isoformat(), "vllm", 2, 10).model_copy(update={"teacher_s": 60.0, "born": 1})
    save_status(killed, settings.state)
    factories = Factories(opening(ScriptedTeacher(reading)), open_tiny_dialect)
    for _ in range(2):
        run_rollout(settings, DAY, silent, factories)
        save_status(killed, settings.state)  # as after a kill between the row and the file
    with connect(Lake(settings.lake)) as con:
        found = con.execute("select ending, gpu_seconds from rollouts order by started_at").fetchall()
    assert found == [("killed", 120.0), ("done", 0.0)]


def test_an_unreadable_status_file_counts_as_no_rollout(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"run_id": ')
    assert read_status(tmp_path) is None


def meter(planned: int = 100, budget: Budget | None = None, resumed_turns: int = 0) -> Meter:
    return Meter(new_status("2026-01-02", "vllm", 4, planned), budget or Budget(), resumed_turns, 0.0)


def test_rates_cover_the_last_minute() -> None:
    """A mean over the whole run would hide a stall of ten minutes."""
    measured, seen = meter(), None
    for second in range(0, 301, 10):
        turns = 10 * second if second <= 200 else 2_000
        seen = measured.measure(PoolCounts(turns=turns, sampled_tokens=100 * turns), [], float(second))
    assert seen is not None
    assert (seen.turns_per_s, seen.tokens_per_s, seen.working_s) == (0.0, 0.0, 300.0)
    half = measured.measure(PoolCounts(turns=2_300, sampled_tokens=0), [], 330.0)
    assert half.turns_per_s == pytest.approx(300 / 60)


def test_a_restarted_server_loses_no_counts() -> None:
    """Its counters restart from 0; without correction, the hit rate of the run would be wrong."""
    measured = meter()
    for queries, hits in ((1_000, 500), (2_000, 1_400), (100, 90), (200, 180)):
        seen = measured.measure(PoolCounts(), [Load("a", prefix_queries=queries, prefix_hits=hits)], 1.0)
    assert seen.cache_hit == pytest.approx((900 + 90 + 90) / (1_000 + 100 + 100))


def test_counts_from_before_the_first_report_of_a_server_are_not_of_this_run() -> None:
    """A server that returns after an hour reports the counts of a week."""
    measured = meter()
    counted = ((False, 0, 0), (True, 0, 0), (True, 9_000, 100), (True, 9_100, 190))
    for up, queries, hits in counted:
        seen = measured.measure(PoolCounts(), [Load("a", up=up, prefix_queries=queries, prefix_hits=hits)], 1.0)
    assert seen.cache_hit == pytest.approx(0.9)


def test_the_expected_end_follows_from_the_length_of_finished_attempts() -> None:
    """Ten of a hundred attempts took five turns each; the others have 25 turns so far, at one turn per second."""
    measured = meter(resumed_turns=5)
    measured.measure(PoolCounts(), [], 0.0)
    seen = measured.measure(PoolCounts(turns=70, finished=10, finished_turns=50, sampled_tokens=700), [], 70.0)
    assert seen.left_s == pytest.approx(90 * 5 - 25)
    assert measured.measure(PoolCounts(), [], 71.0).left_s is None
    hurried = meter(budget=Budget(max_tokens=1_000))
    hurried.measure(PoolCounts(), [], 0.0)
    seen = hurried.measure(PoolCounts(turns=70, finished=10, finished_turns=50, sampled_tokens=700), [], 70.0)
    assert seen.left_s == pytest.approx(30)


def test_gpu_seconds_count_from_the_start_of_the_teacher_to_its_release() -> None:
    """A server that loads weights for ten minutes costs as much as one that generates."""
    measured = meter()
    measured.acquire_teacher(10.0)
    measured.measure(PoolCounts(), [], 610.0)
    measured.release_teacher(700.0)
    assert measured.end("done", "").gpu_seconds == 4 * 690


def test_a_teacher_that_never_answered_costs_nothing() -> None:
    """A night whose server was down would show GPU hours that nobody used, and spoil the cost of a kept row."""
    measured = meter()
    measured.acquire_teacher(10.0)
    measured.release_teacher(700.0)
    assert measured.end("failed", "the teacher does not answer").gpu_seconds == 0


def busy_status() -> RunStatus:
    """The status of a large run with faults, a server that is down, and a queue."""
    measured = meter(planned=100_000)
    measured.acquire_teacher(0.0)
    faults = Counter(tool_fault=2, teacher_error=1)
    tally = PoolCounts(
        in_flight=900, waiting=124, turns=9_000, sampled_tokens=4_500_000, finished=1_234, finished_turns=6_000
    )
    loads = [Load("a", kv_tokens=10, kv_used=0.87, waiting=3), Load("b", up=False)]
    measured.measure(PoolCounts(), loads, 0.0)
    tally.faults = faults
    loads[0] = Load("a", kv_tokens=10, kv_used=0.87, waiting=3, prefix_queries=100, prefix_hits=97)
    return measured.measure(tally, loads, 300.0)


def test_the_bar_fits_in_120_columns_and_shows_the_rate(tmp_path: Path) -> None:
    """A wrapped line would scroll the terminal, twice per second."""
    status, out = busy_status(), StringIO()
    console = Console(file=out, width=120, force_terminal=True, color_system=None)
    bar = progress_bar(console)
    bar.add_task("rollout", total=status.planned, completed=status.done, note=progress_line(status))
    console.print(bar.make_tasks_table(bar.tasks))
    (shown,) = [row for row in out.getvalue().splitlines() if row.strip()]
    assert len(shown) <= 120
    for part in ("1234/100000", "900+124", "turns/s", "tok/s", "1/2 up", "3 faults", "left"):
        assert part in shown


def test_the_seconds_of_tools_are_shown_by_domain() -> None:
    """Where cores are few the sandbox, not the teacher, is the bottleneck: a run that waits for it must show that."""
    tally = PoolCounts(sandbox_queued=7)
    tally.add_calls("code", [Observation("c", "bash", "ok", "", seconds=2.0, queued_s=30.0, cpu_s=1.5)] * 2)
    shown = dict(facts(meter().measure(tally, [], 1.0)))
    assert shown["tools, code"] == "4.0 s of work, 60.0 s of waiting, 3.0 s of sandboxed CPU"
    assert shown["sandbox queue"] == "7 calls wait for a core"


def test_a_hostile_error_is_escaped_in_terminal_and_page(tmp_path: Path) -> None:
    """Errors quote replies of servers; in a table they must stay within one cell."""
    status = busy_status().model_copy(update={"ending": "failed", "detail": "\x1b[2J<script>|x|\nboom"})
    with connect(Lake(tmp_path)) as con:
        page = markdown(status, con)
    assert "<script>" not in page
    assert "\x1b" not in page
    assert re.search(r"failed \(.*boom\)", page)
