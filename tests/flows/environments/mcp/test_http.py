"""Worlds on a server over HTTP that is not of the client's SDK: its token, shared connections, and a restart."""

import logging
from pathlib import Path

import pytest

from flows.environments.mcp.faults import ServerFault
from flows.environments.mcp.kind import MCP, connected_offer
from flows.environments.resources import Resources
from flows.environments.tool import ToolCall
from flows.settings.environments import McpServer
from tests.doubles.mcp_http import McpHttp, mcp_http

TOKEN = "tok-4711-do-not-show"


def server(seen: McpHttp, token: str = TOKEN, pool: int = 1) -> McpServer:
    values = {"name": "remote", "url": seen.url, "headers": {"Authorization": f"Bearer {token}"}, "pool": pool}
    return McpServer.model_validate(values)


def test_the_token_opens_the_server_and_is_shown_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A token in an observation is trained on; one in a log or an error is open to all who get the log."""
    caplog.set_level(logging.DEBUG)
    with mcp_http(McpHttp(TOKEN), tmp_path) as seen:
        one = server(seen)
        setup = connected_offer(one).setup.as_json()
        world = MCP.open(setup, Resources(servers=(one,)), tmp_path)
        assert world.act(ToolCall("c1", "repeat_token", {})).text == "[secret], in short [secret]"
        world.close()
        with pytest.raises(ServerFault, match="remote failed") as refused:
            connected_offer(server(seen, "tok-0815-is-wrong"))
    assert TOKEN not in setup + repr(one) + one.model_dump_json() + caplog.text
    assert "0815" not in str(refused.value) + caplog.text


def test_worlds_share_the_connections_of_the_pool_and_a_restarted_server_is_used_again(tmp_path: Path) -> None:
    """A connection for each attempt would be refused by many servers; one that is down may come back."""
    seen = McpHttp(TOKEN)
    with mcp_http(seen, tmp_path):
        one = server(seen, pool=2)
        setup, resources = connected_offer(one).setup.as_json(), Resources(servers=(one,))
        before = seen.opened
        worlds = [MCP.open(setup, resources, tmp_path) for _ in range(5)]
        assert [world.act(ToolCall("c1", "silent", {})).kind for world in worlds] == ["empty"] * 5
        assert seen.opened - before == 2
    for world in worlds:
        with pytest.raises(ServerFault):
            world.act(ToolCall("c2", "silent", {}))
        world.close()
    with mcp_http(seen, tmp_path):
        world = MCP.open(setup, resources, tmp_path)
        assert world.act(ToolCall("c3", "silent", {})).kind == "empty"
        world.close()
