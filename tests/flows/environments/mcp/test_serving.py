"""Environments served as MCP servers, tried with the SDK's own client."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx2
import pytest
from mcp import Client, MCPError
from mcp_types import UNSUPPORTED_PROTOCOL_VERSION, CallToolResult, TextContent

from flows.domains import domain
from flows.environments.mcp.kind import MCP, connected_offer
from flows.environments.mcp.serve import Served, serve_http
from flows.environments.resources import Resources
from flows.environments.tool import ToolCall
from flows.process_guard import free_port
from flows.settings.environments import McpServer
from sources.index.library import Library, Page
from tests.doubles.domains import available
from tests.doubles.sites import small_wiki

ROOT = Path(__file__).parents[4]
COMMAND = "from flows.cli import main; main()"


def served(name: str, folder: Path, setup: str = "{}", resources: Resources | None = None) -> Served:
    with available():
        kind = domain(name).environment
    tools = {tool.name: tool for tool in kind.tools(setup, "chat")}
    given = resources or Resources()
    return Served(
        name, kind.version, tools, lambda world: kind.open(setup, given, folder / world),
        survives_faults=not kind.has_state,
    )  # fmt: skip


@contextlib.asynccontextmanager
async def serving(one: Served) -> AsyncIterator[str]:
    port = free_port()
    running = asyncio.create_task(serve_http(one, port))
    async with httpx2.AsyncClient() as http:
        for _ in range(200):
            with contextlib.suppress(httpx2.TransportError):
                await http.get(f"http://127.0.0.1:{port}/")
                break
            await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def words(result: CallToolResult) -> str:
    [part] = result.content
    assert isinstance(part, TextContent)
    return part.text


async def test_each_session_has_a_world_of_its_own_which_ends_with_it(tmp_path: Path) -> None:
    """Two agents on one server would read and change each other's notebook."""
    async with serving(served("notebook", tmp_path)) as url, Client(url) as first:
        async with Client(url) as second:
            assert [tool.name for tool in (await second.list_tools()).tools] == ["write"]
            for client in (first, second):
                assert not (await client.call_tool("write", {"text": "a line"})).is_error
            assert len(list(tmp_path.glob("*/notebook.txt"))) == 2
        left = list(tmp_path.glob("*/notebook.txt"))
        for _ in range(100):
            if len(left) == 1:
                break
            await asyncio.sleep(0.02)
            left = list(tmp_path.glob("*/notebook.txt"))
        assert len(left) == 1
        async with Client(url, mode="2026-07-28") as sessionless:
            with pytest.raises(MCPError) as caught:
                await sessionless.call_tool("write", {"text": "into whose notebook?"})
        assert caught.value.code == UNSUPPORTED_PROTOCOL_VERSION


async def test_a_fault_is_an_error_of_the_protocol_and_ends_the_world(tmp_path: Path) -> None:
    """A client would take a stack trace for an answer, or go on in a world that half made a change."""
    setup = json.dumps({"faults": {"2": str(tmp_path / "marker")}})
    async with serving(served("ledger", tmp_path, setup)) as url, Client(url) as client:
        assert words(await client.call_tool("add", {"account": "bank", "amount": 3})) == "bank: 3"
        refused = await client.call_tool("add", {"account": "bank", "amount": "much"})
        assert refused.is_error
        assert words(refused).startswith("These arguments do not fit add")
        for message in ("add failed: OSError: the pen broke", "open another session"):
            with pytest.raises(MCPError, match=message):
                await client.call_tool("add", {"account": "bank", "amount": 1})


async def test_the_library_is_served_with_its_kinds_of_answers(tmp_path: Path) -> None:
    """The search tools of the nightly are of use in any other client."""
    pages = (one for one in small_wiki.documents(date(2026, 1, 2)) if one.text)
    Library.build(tmp_path / "index", (Page(one.doc_id, one.url, one.title, one.text or "") for one in pages))
    library = served("search", tmp_path, resources=Resources(tmp_path / "index"))
    async with serving(library) as url, Client(url) as client:
        assert all((await client.list_tools()).tools)
        found = await client.call_tool("search", {"query": "Varnay cliffs"})
        assert (found.is_error, (found.meta or {})["kind"]) == (False, "ok")
        missing = await client.call_tool("open", {"url": "http://nowhere.example/"})
        assert (missing.is_error, (missing.meta or {})["kind"]) == (False, "empty")


@pytest.mark.slow
def test_the_command_serves_a_world_that_the_factory_itself_can_use(tmp_path: Path) -> None:
    """Standard output belongs to the protocol: a progress bar on it would break every client."""
    folder = ROOT / "tests" / "doubles" / "domains" / "ledger"
    (tmp_path / "factory.toml").write_text(f"[tasks]\ndomain_folders = [{json.dumps(str(folder))}]\n")
    one = McpServer(
        name="ours", command=sys.executable, args=["-c", COMMAND, "environments", "serve", "ledger"], cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)}, restorable="replay",
    )  # fmt: skip
    offer = connected_offer(one)
    assert [(tool.name, tool.read_only) for tool in offer.setup.tools] == [("add", False), ("balance", True)]
    world = MCP.open(offer.setup.as_json(), Resources(servers=(one,)), tmp_path)
    assert world.act(ToolCall("c1", "add", {"account": "bank", "amount": 3})).text == "bank: 3"
    world.close()


async def test_a_world_on_sessions_over_http_is_its_own(tmp_path: Path) -> None:
    """An HTTP server without sessions would share one world among attempts, so it is refused where state counts."""
    async with serving(served("ledger", tmp_path)) as url:
        one = McpServer(name="ours", url=url, restorable="replay")
        setup = (await asyncio.to_thread(connected_offer, one)).setup.as_json()
        worlds = [await asyncio.to_thread(MCP.open, setup, Resources(servers=(one,)), tmp_path) for _ in range(2)]
        for world in worlds:
            answer = await asyncio.to_thread(world.act, ToolCall("c1", "add", {"account": "bank", "amount": 3}))
            assert answer.text == "bank: 3"
            await asyncio.to_thread(world.close)
