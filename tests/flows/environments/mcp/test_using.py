"""Worlds on a server of tools that misbehaves: the agent reads its answers, and its failures are faults."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from flows.environments.environment import Environment
from flows.environments.mcp.faults import ServerFault
from flows.environments.mcp.kind import MCP, connected_offer
from flows.environments.mcp.setup import Setup, usable_name
from flows.environments.resources import Resources
from flows.environments.tool import Answer, ToolCall
from flows.rollout.tools.executor import Executor
from flows.rollout.tools.toolbox import Toolbox
from flows.settings import Rollout
from flows.settings.environments import McpServer
from tests.doubles.worlds import open_world

SCRIPT = str(Path(__file__).parents[3] / "doubles" / "mcp_server.py")
TOKEN = "tok-4711-do-not-show"
PIXEL_BYTES = 8


def server(folder: Path, **settings: Any) -> McpServer:
    values = {"name": "odd", "command": sys.executable, "args": [SCRIPT, str(folder)], "env": {"TOKEN": TOKEN}}
    return McpServer.model_validate(values | settings)


def opened(one: McpServer, setup: Setup) -> Environment:
    return MCP.open(setup.as_json(), Resources(servers=(one,)), Path("unused"))


def ask(world: Environment, name: str, **arguments: object) -> Answer:
    return world.act(ToolCall("c1", name, arguments))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[McpServer, Setup, Environment, Path]]:
    folder = tmp_path_factory.mktemp("markers")
    one = server(folder, timeout_s=2.0, max_result_chars=1_000_000)
    setup = connected_offer(one).setup
    world = opened(one, setup)
    yield one, setup, world, folder
    world.close()


def test_an_offer_has_the_usable_read_only_tools_under_names_that_models_can_write(tmp_path: Path) -> None:
    """A writing tool of a server that cannot be restored would leave traces that no resumed attempt could undo."""
    offer = connected_offer(server(tmp_path))
    left_out = dict(offer.left_out)
    assert left_out["add"] == "it may write, and the server is not restorable"
    assert "schema is invalid" in left_out["bad_schema"]
    assert "far_schema" in left_out
    names = {tool.server_name: tool.name for tool in offer.setup.tools}
    assert names["rows.list/all"] == "rows_list_all"
    assert names["rows_list_all"] == usable_name("rows_list_all", {"rows_list_all"}) != "rows_list_all"
    assert names["note_write"].startswith("note_write_")
    assert len(set(names.values())) == len(names)


def test_parts_that_the_agent_cannot_see_are_named_with_type_and_size(
    shared: tuple[McpServer, Setup, Environment, Path],
) -> None:
    """Base64 of an image would fill the context with what no text model can read."""
    _, _, world, _ = shared
    seen = ask(world, "media")
    assert seen.text.splitlines() == [
        "before",
        f"[image, image/png, {PIXEL_BYTES} bytes]",
        f"[audio, audio/wav, {PIXEL_BYTES} bytes]",
        "[link to file:///l, unknown type, 5 bytes]",
        f"[resource file:///b, application/zip, {PIXEL_BYTES} bytes]",
        "[resource file:///t, text/csv, 3 bytes]",
        "a,b",
        "[structured content, application/json, 11 bytes]",
    ]
    checks = world.finish(None).checks
    assert [checks[name] for name in ("image", "audio", "link", "resource", "structured")] == [1] * 5


def test_errors_of_tools_are_read_and_long_results_cut(shared: tuple[McpServer, Setup, Environment, Path]) -> None:
    """The agent must learn why a call failed; 5 MB of text would stop the redaction and the context."""
    _, setup, world, _ = shared
    assert ask(world, "refuse") == Answer("no such row", "blocked")
    assert ask(world, "silent").kind == "empty"
    long = ask(world, "big", n=5_000_000)
    assert (long.kind, len(long.text)) == ("truncated", 1_000_000 + len("\n[4000000 characters more were not read]"))
    names = {tool.server_name: tool.name for tool in setup.tools}
    assert [ask(world, names[name]).text for name in ("rows.list/all", "rows_list_all")] == ["dotted", "plain"]


def test_garbage_on_the_wire_is_ignored_and_a_secret_masked(
    shared: tuple[McpServer, Setup, Environment, Path], caplog: pytest.LogCaptureFixture
) -> None:
    """A token in an answer would be trained on, and one in a log would be in every bug report."""
    _, _, world, _ = shared
    assert ask(world, "tell") == Answer("the token is [secret]")
    with pytest.raises(ServerFault) as caught:
        ask(world, "break")
    assert caught.value.kind == "protocol"
    assert TOKEN not in caplog.text + str(caught.value)


@pytest.mark.parametrize(("tool", "kind"), [("crash", "died"), ("hang", "timeout")])
def test_a_server_that_dies_or_hangs_is_a_fault_and_started_again(
    shared: tuple[McpServer, Setup, Environment, Path], tool: str, kind: str
) -> None:
    """One bad call would otherwise end all attempts on that server for the night."""
    one, setup, _, folder = shared
    (folder / tool).touch()
    first = opened(one, setup)
    pid = ask(first, "total").text.split()[-1]
    with pytest.raises(ServerFault, match="the MCP server odd failed") as caught:
        ask(first, tool)
    assert caught.value.kind == kind
    assert TOKEN not in str(caught.value)
    first.close()
    second = opened(one, setup)
    assert ask(second, tool).kind == "ok"
    assert ask(second, "total").text.split()[-1] != pid
    second.close()


def test_a_server_that_fails_again_and_again_is_not_started_for_ever(tmp_path: Path) -> None:
    one = server(tmp_path, command="/bin/false", max_restarts=1)
    setup = connected_offer(server(tmp_path)).setup
    messages = []
    for _ in range(3):
        with pytest.raises(ServerFault) as caught:
            opened(one, setup)
        messages.append(str(caught.value))
    assert "failed (start)" in messages[0]
    assert "not restarted" in messages[2]


def test_a_server_with_other_tools_than_the_task_is_a_fault(tmp_path: Path) -> None:
    """The agent's prompt would describe tools that are not there."""
    one = server(tmp_path, restorable="replay")
    setup = connected_offer(one).setup
    (tmp_path / "changed").touch()
    with pytest.raises(ServerFault, match="other tools than when the task was made") as caught:
        opened(one, setup)
    assert caught.value.kind == "tools_changed"


def test_a_world_on_a_restorable_server_is_its_own_and_is_rebuilt_by_replay(tmp_path: Path) -> None:
    """Two attempts on one server would read each other's entries."""
    one = server(tmp_path, restorable="replay")
    setup = connected_offer(one).setup
    calls = [ToolCall("c1", "add", {"n": 2}), ToolCall("c2", "add", {"n": 3})]
    first, second = opened(one, setup), opened(one, setup)
    seen = [first.act(call) for call in calls]
    checkpoint = first.checkpoint()
    assert second.restore(checkpoint, calls) == seen
    assert second.checkpoint() == checkpoint
    assert ask(second, "add", n=1).text == "total 6"
    assert ask(first, "add", n=1).text == "total 6"
    assert second.checkpoint() != checkpoint
    first.close()
    second.close()
    with pytest.raises(ServerFault, match="is closed"):
        ask(first, "total")


def test_a_task_for_a_server_that_the_settings_lack_says_what_to_add(tmp_path: Path) -> None:
    with pytest.raises(ServerFault, match=r"\[\[environments.mcp\]\]"):
        MCP.open(json.dumps({"server": "gone", "tools": [], "tools_sha256": ""}), Resources(), tmp_path)
    assert MCP.tools("{}", "chat") == ()


async def test_a_write_during_which_the_server_dies_is_made_once_in_a_rebuilt_world(tmp_path: Path) -> None:
    """The entry was made before the crash: without the rebuilding it would be lost, or made twice."""
    one = server(tmp_path, restorable="replay")
    setup = connected_offer(one).setup.as_json()
    box = Toolbox({"odd": MCP}, Resources(servers=(one,)), Executor(Rollout(redact=False)), tmp_path / "worlds")
    with box:
        world = await open_world(box, "odd", ["add", "total"], setup=setup)
        await world.call_all([ToolCall("c1", "add", {"n": 2})])
        (tmp_path / "crash_in_add").touch()
        done = await world.call_all([ToolCall("c2", "add", {"n": 3}), ToolCall("c3", "total", {})])
        await world.close()
    assert [seen.text.split(" of")[0] for seen in done.observations] == ["total 5", "total 5"]
    assert box.faults == {"add:died": 1}


def test_without_the_extra_everything_else_works_and_the_error_names_it() -> None:
    """A night without such servers must need no SDK, and pay nothing for it."""
    code = (
        "import sys; sys.modules['mcp'] = sys.modules['mcp_types'] = None\n"
        "from flows.domains import domains; domains()\n"
        "from flows.environments.mcp.kind import connected_offer; connected_offer(None)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert 'pip install "horizon-factory[mcp]"' in ended.stderr


@pytest.mark.slow
def test_no_server_outlives_a_killed_rollout(tmp_path: Path) -> None:
    """Repeated kills would otherwise fill the machine with servers that hang."""
    (tmp_path / "hang").touch()
    code = (
        "import sys, threading; from pathlib import Path\n"
        "from tests.flows.environments.mcp.test_using import server, opened, ask, connected_offer\n"
        f"one = server(Path({str(tmp_path)!r}), restorable='replay'); setup = connected_offer(one).setup\n"
        "world = opened(one, setup); print(ask(world, 'total').text.split()[-1], flush=True); ask(world, 'hang')\n"
    )
    rollout = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert rollout.stdout is not None
    served = psutil.Process(int(rollout.stdout.readline()))
    time.sleep(0.5)
    rollout.kill()
    rollout.wait()
    psutil.wait_procs([served], timeout=20)
    assert not served.is_running() or served.status() == psutil.STATUS_ZOMBIE
