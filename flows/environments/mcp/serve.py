"""Serves environments to clients of the protocol: a fresh world for each session, with the tools and schemas of it.

Refused calls are results with isError, and faults are errors of the protocol, so that no client takes a stack trace for
an answer. Over HTTP only versions with sessions are spoken: later ones have none, and so no world of a client's own.
"""

import threading
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import mcp_types as types
import uvicorn
from mcp import MCPError
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, MODERN_PROTOCOL_VERSIONS

from flows.environments.environment import Environment
from flows.environments.tool import Tool, ToolCall

HOST = "127.0.0.1"
Context = ServerRequestContext[Any, Any]


@dataclass(frozen=True)
class Served:
    """An environment to serve."""

    name: str
    version: str
    tools: Mapping[str, Tool]
    open: Callable[[str], Environment]
    """(name of the world, unlike any other) -> a fresh world."""
    instructions: str | None = None
    """The instruction of its task, for the client's model."""
    survives_faults: bool = False
    """True if the environment has no state: a fault then leaves the world as it was."""


class Session:
    """The world of one session, opened at its first call. Calls come one at a time."""

    def __init__(self, served: Served) -> None:
        self._served, self._lock = served, threading.Lock()
        self._world: Environment | None = None
        self._failed = False

    def call(self, tool: Tool, arguments: dict[str, object]) -> types.CallToolResult:
        """The result of a call with valid arguments. Raises MCPError on a fault, and on every call after it."""
        with self._lock:
            if self._failed:
                raise MCPError(types.INTERNAL_ERROR, "the world of this session failed: open another session")
            try:
                self._world = self._world or self._served.open(uuid.uuid4().hex)
                answer = self._world.act(ToolCall(uuid.uuid4().hex, tool.name, arguments))
            except Exception as error:
                self._failed = not self._served.survives_faults
                reason = f"{tool.name} failed: {type(error).__name__}: {error}"
                raise MCPError(types.INTERNAL_ERROR, reason) from error
        return _text(answer.text, failed=answer.kind == "blocked", meta={"kind": answer.kind, "url": answer.url})

    def close(self) -> None:
        """End the world, after the call that runs."""
        with self._lock:
            self._failed, world = True, self._world
            if world:
                world.close()


def protocol_server(served: Served, *, sessions: bool) -> Server[Session]:
    """The server of an environment; with `sessions` each client has its own world, else all calls go to one."""

    async def on_list(context: Context, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_listed(tool) for tool in served.tools.values()])

    async def on_call(context: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        tool, arguments = served.tools.get(params.name), dict(params.arguments or {})
        if tool is None:
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {params.name!r}: {', '.join(served.tools)}")
        if error := tool.invalid(arguments):
            return _text(f"These arguments do not fit {tool.name}: {error}.", failed=True)
        session = _own(context, served) if sessions else context.lifespan_context
        return await anyio.to_thread.run_sync(session.call, tool, arguments)

    @asynccontextmanager
    async def lifespan(_: Server[Session]) -> AsyncIterator[Session]:
        session = Session(served)
        try:
            yield session
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(session.close)

    server = Server(
        served.name, version=served.version, instructions=served.instructions, lifespan=lifespan,
        on_list_tools=on_list, on_call_tool=on_call,
    )  # fmt: skip
    if sessions:
        server.middleware.append(_sessions_only)
    return server


async def serve_stdio(served: Served) -> None:
    """Serve one client on standard input and output until it goes."""
    server = protocol_server(served, sessions=False)
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


async def serve_http(served: Served, port: int) -> None:
    """Serve clients on this machine at /mcp until the process is interrupted."""
    app = protocol_server(served, sessions=True).streamable_http_app(host=HOST)
    await uvicorn.Server(uvicorn.Config(app, host=HOST, port=port, log_level="warning")).serve()


def _own(context: Context, served: Served) -> Session:
    """The world of a client, kept with its connection and closed with it."""
    connection = context.session._connection
    if "world" not in connection.state:
        session = connection.state["world"] = Session(served)
        connection.exit_stack.push_async_callback(anyio.to_thread.run_sync, session.close)
    own: Session = connection.state["world"]
    return own


async def _sessions_only(ctx: Context, call_next: CallNext) -> HandlerResult:
    if ctx.protocol_version in MODERN_PROTOCOL_VERSIONS:
        versions = {"supported": list(HANDSHAKE_PROTOCOL_VERSIONS), "requested": ctx.protocol_version}
        raise MCPError(types.UNSUPPORTED_PROTOCOL_VERSION, "this server needs sessions", versions)
    return await call_next(ctx)


def _listed(tool: Tool) -> types.Tool:
    hints = types.ToolAnnotations(read_only_hint=tool.read_only)
    return types.Tool(
        name=tool.name, description=tool.description, input_schema=tool.spec.parameters, annotations=hints
    )


def _text(text: str, *, failed: bool, meta: dict[str, Any] | None = None) -> types.CallToolResult:
    content: list[types.ContentBlock] = [types.TextContent(type="text", text=text)]
    return types.CallToolResult(content=content, is_error=failed, _meta=meta)
