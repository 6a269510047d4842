"""Worker processes: a hanging tool is killed, a dead worker is replaced, and none outlives the rollout."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from flows.environments.resources import Resources
from flows.environments.tool import ToolCall
from flows.rollout.tools.observation import ToolFault
from flows.rollout.tools.toolbox import Toolbox, open_toolbox
from flows.rollout.tools.workers import Workers
from flows.settings import Rollout
from sources.index.library import Library, NotFound, Page
from tests.doubles import worlds
from tests.doubles.faulty_tools import COMMAND, FAULTY
from tests.doubles.sites import small_wiki
from tests.doubles.worlds import call_all

NAMES = ("search", "open", "find")


def faulty_toolbox(count: int = 1, **limits: float) -> Toolbox:
    chosen = Rollout.model_validate(limits)
    return worlds.toolbox(FAULTY, chosen, workers=Workers(COMMAND, count, chosen.tool_timeout_s))


def asking(query: str) -> list[ToolCall]:
    return [ToolCall("c1", "search", {"query": query})]


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> Resources:
    path = tmp_path_factory.mktemp("library") / "index"
    pages = (one for one in small_wiki.documents(date(2026, 1, 2)) if one.text)
    Library.build(path, (Page(one.doc_id, one.url, one.title, one.text or "") for one in pages))
    return Resources(path, (f"{small_wiki.address('light', 3)}$",))


@pytest.fixture
def box() -> Iterator[Toolbox]:
    with faulty_toolbox(tool_timeout_s=1.0, tool_retries=1) as made:
        yield made


@pytest.mark.slow
async def test_a_worker_and_a_thread_give_the_same_observations(resources: Resources) -> None:
    """The model must not see where a call ran; blocked urls stay blocked."""
    calls = [
        ToolCall("c1", "search", {"query": "Varnay cliffs"}),
        ToolCall("c2", "open", {"url": small_wiki.address("island", 1)}),
        ToolCall("c3", "find", {"url": small_wiki.address("island", 1), "words": "cliffs harbour"}),
        ToolCall("c4", "open", {"url": small_wiki.address("light", 3)}),
        ToolCall("c5", "open", {"url": "\ud800 nowhere", "page": 10**30}),
        ToolCall("c6", "search", {"query": ""}),
    ]
    seen = []
    for count in (0, 1):
        with open_toolbox(resources, Rollout(tool_workers=count, max_observation_chars=300), Path("unused")) as box:
            seen.append(
                [
                    (one.text, one.kind, one.url, one.content_sha256)
                    for one in await call_all(box, "search", calls, NAMES)
                ]
            )
            assert not box.faults
    assert seen[0] == seen[1]
    assert seen[0][3][1] == seen[0][5][1] == "blocked"


def test_a_missing_library_is_an_error_before_any_worker_starts(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="build it first"):
        open_toolbox(Resources(tmp_path), Rollout(), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "kind"), [("hang", "timeout"), ("spin", "timeout"), ("die", "died"), ("raise", "OSError")]
)
async def test_a_call_that_failed_in_a_worker_is_retried_in_another(
    box: Toolbox, tmp_path: Path, fault: str, kind: str
) -> None:
    """In a thread of the rollout a hanging tool would occupy its thread forever."""
    [first] = await call_all(box, "search", asking("hello"), NAMES)
    [second] = await call_all(box, "search", asking(f"{fault} once {tmp_path / 'marker'}"), NAMES)
    assert second.kind == "ok"
    assert box.faults == {f"search:{kind}": 1}
    assert (second.text.split()[1] == first.text.split()[1]) == (fault == "raise")
    assert _gone(int(first.text.split()[1])) == (fault != "raise"), "the process still runs"


@pytest.mark.slow
async def test_a_call_that_fails_in_every_worker_is_a_fault_with_its_reason(box: Toolbox) -> None:
    with pytest.raises(ToolFault, match=r"search failed 2 times, at last: died: .* status 3"):
        await call_all(box, "search", asking("die"), NAMES)


@pytest.mark.slow
async def test_a_worker_that_is_killed_from_outside_costs_one_try(box: Toolbox) -> None:
    """The kernel kills processes that use too much memory; the attempt must survive that."""
    [first] = await call_all(box, "search", asking("hello"), NAMES)
    os.kill(int(first.text.split()[1]), signal.SIGKILL)
    [second] = await call_all(box, "search", asking("hello"), NAMES)
    assert second.text != first.text


@pytest.mark.slow
async def test_waiting_for_a_worker_does_not_count_towards_the_time_limit() -> None:
    """With many attempts and few workers, queueing would otherwise count as a hanging tool."""
    with faulty_toolbox(tool_timeout_s=5.0, tool_retries=0) as box:
        calls = [ToolCall(f"c{n}", "search", {"query": f"{n}"}) for n in range(300)]
        seen = await call_all(box, "search", calls, NAMES)
    assert [one.text.split()[0] for one in seen] == [str(n) for n in range(300)]


@pytest.mark.slow
async def test_a_call_that_is_larger_than_a_pipe_reaches_the_worker(box: Toolbox) -> None:
    """A pipe takes 64 KB at a time; an agent that passes a whole page would otherwise wait for its answer for ever."""
    long = "x" * 300_000
    for query in (long, "short", long):
        [one] = await call_all(box, "search", asking(query), NAMES)
        assert one.text.startswith(query[:100])
    assert not box.faults


@pytest.mark.slow
async def test_closing_the_toolbox_does_not_wait_for_a_hanging_tool() -> None:
    with faulty_toolbox(tool_timeout_s=300.0, tool_retries=0) as box:
        [first] = await call_all(box, "search", asking("hello"), NAMES)
        hanging = asyncio.create_task(call_all(box, "search", asking("hang"), NAMES))
        await asyncio.sleep(0.2)
    with pytest.raises(ToolFault):
        await hanging
    assert _gone(int(first.text.split()[1]))


@pytest.mark.slow
def test_workers_exit_when_the_rollout_is_killed() -> None:
    """Repeated kills would otherwise fill the machine with worker processes."""
    rollout = subprocess.Popen([*COMMAND, "workers"], stdout=subprocess.PIPE, text=True)
    assert rollout.stdout is not None
    pids = [int(pid) for pid in rollout.stdout.readline().split()]
    assert len(pids) == 2
    assert not any(map(_gone, pids))
    rollout.kill()
    rollout.wait()
    deadline = time.monotonic() + 20
    while not all(map(_gone, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _gone(pid: int) -> bool:
    """True if the process has exited; a zombie counts as exited."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] == "Z" if _PROC else _unknown(pid)
    except OSError:
        return True


def _unknown(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


_PROC = sys.platform == "linux"
