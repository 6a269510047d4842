"""Tools in processes of their own: what hangs is ended, what dies is replaced, and none outlives the rollout."""

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

from flows.domains.contract import Resources, ToolCall
from flows.rollout.tools.observation import ToolFault
from flows.rollout.tools.toolbox import Toolbox, open_toolbox
from flows.rollout.tools.workers import Workers
from flows.settings import Rollout
from sources.index.library import Library, NotFound, Page
from tests.doubles.odd_tools import COMMAND, NOTHING, ODD
from tests.doubles.sites import small_wiki

NAMES = ("search", "open", "find")


def odd_box(count: int = 1, **limits: float) -> Toolbox:
    chosen = Rollout.model_validate(limits)
    return Toolbox(ODD, NOTHING, chosen, Workers(COMMAND, count, chosen.tool_timeout_s))


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
    with odd_box(tool_timeout_s=1.0, tool_retries=1) as made:
        yield made


async def test_a_worker_shows_what_the_same_tools_here_show(resources: Resources) -> None:
    """Where a call is made must not be seen in what the model reads; blocked addresses stay blocked."""
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
        with open_toolbox(resources, "chat", Rollout(tool_workers=count, max_observation_chars=300)) as box:
            seen.append(
                [
                    (one.text, one.kind, one.url, one.content_sha256)
                    for one in await box.call_all("search", calls, NAMES)
                ]
            )
            assert not box.faults
    assert seen[0] == seen[1]
    assert seen[0][3][1] == seen[0][5][1] == "blocked"


def test_a_library_that_is_not_there_is_said_before_any_worker_starts(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="build it first"):
        open_toolbox(Resources(tmp_path), "chat", Rollout())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "kind"), [("hang", "timeout"), ("spin", "timeout"), ("die", "died"), ("raise", "OSError")]
)
async def test_a_call_that_a_worker_failed_is_made_by_another(
    box: Toolbox, tmp_path: Path, what: str, kind: str
) -> None:
    """In a thread of the rollout a tool that hangs would hold its thread for good."""
    [first] = await box.call_all("search", asking("hello"), NAMES)
    [second] = await box.call_all("search", asking(f"{what} once {tmp_path / 'marker'}"), NAMES)
    assert second.kind == "ok"
    assert box.faults == {f"search:{kind}": 1}
    assert (second.text.split()[1] == first.text.split()[1]) == (what == "raise")
    assert _gone(int(first.text.split()[1])) == (what != "raise"), "what hung is really at its end"


@pytest.mark.slow
async def test_a_call_that_every_worker_fails_is_a_fault_that_says_how(box: Toolbox) -> None:
    with pytest.raises(ToolFault, match=r"search failed 2 times, at last: died: .* status 3"):
        await box.call_all("search", asking("die"), NAMES)


@pytest.mark.slow
async def test_a_worker_that_is_killed_from_outside_costs_one_try(box: Toolbox) -> None:
    """The kernel kills what takes too much memory: an attempt must not pay for that."""
    [first] = await box.call_all("search", asking("hello"), NAMES)
    os.kill(int(first.text.split()[1]), signal.SIGKILL)
    [second] = await box.call_all("search", asking("hello"), NAMES)
    assert second.text != first.text


async def test_the_time_that_a_call_waits_for_a_worker_is_not_its_own() -> None:
    """With many attempts and few workers, queueing would else look like a tool that hangs."""
    with odd_box(tool_timeout_s=5.0, tool_retries=0) as box:
        calls = [ToolCall(f"c{n}", "search", {"query": f"{n}"}) for n in range(300)]
        seen = await box.call_all("search", calls, NAMES)
    assert [one.text.split()[0] for one in seen] == [str(n) for n in range(300)]


async def test_a_rollout_that_ends_does_not_wait_for_a_tool_that_hangs() -> None:
    with odd_box(tool_timeout_s=300.0, tool_retries=0) as box:
        [first] = await box.call_all("search", asking("hello"), NAMES)
        hanging = asyncio.create_task(box.call_all("search", asking("hang"), NAMES))
        await asyncio.sleep(0.2)
    with pytest.raises(ToolFault):
        await hanging
    assert _gone(int(first.text.split()[1]))


@pytest.mark.slow
def test_workers_end_with_a_rollout_that_is_killed() -> None:
    """A night that is killed again and again would else fill the machine with its workers."""
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
    """Has the process ended? One that nobody has waited for yet has."""
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
