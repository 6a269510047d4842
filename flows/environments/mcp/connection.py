"""One connection to a server of tools, for threads that block: the SDK runs in one background event loop per process.

A server that this process starts runs under a guard, so none outlives it, however it ends. Each failure becomes a
ServerFault without secrets, and a connection that failed is never used again.
"""

import asyncio
import contextlib
import logging
import os
import tempfile
import threading
from collections.abc import AsyncIterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotDone
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx2
from mcp import Client, MCPError, StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CONNECTION_CLOSED, INVALID_PARAMS, REQUEST_TIMEOUT, CallToolResult, TextContent

from flows.environments.mcp.faults import ServerFault, masked
from flows.environments.mcp.setup import Listed
from flows.process_guard import guarded

if TYPE_CHECKING:
    from flows.settings.environments import McpServer

END_S = 10.0
"""Seconds to wait for the end of a connection; a server that ignores the end of its input is killed after about 3."""
MAX_PAGES = 100
"""Pages of a list of tools."""
MAX_ERROR_CHARS = 500
MAX_ERROR_FILE = 1 << 20
SESSION_HEADER = "mcp-session-id"
for _name in ("mcp.client", "httpx2"):  # their lines hold addresses and what servers print
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@cache
def event_loop() -> asyncio.AbstractEventLoop:
    """The event loop of all connections of this process, in a thread of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="mcp", daemon=True).start()
    return loop


class Connection:
    """An open connection; calls of several threads may overlap."""

    def __init__(self, server: "McpServer") -> None:
        """Connect and list the tools. Raises ServerFault."""
        self.server = server
        self.broken = False
        """True after a failure: the state of the server is unknown."""
        self.listed: tuple[Listed, ...] = ()
        self._errors = tempfile.TemporaryFile("a+b")  # noqa: SIM115
        self._session: str | None = None
        self._running: set[Future[Any]] = set()
        self._ready: Future[Client] = Future()
        self._stop = asyncio.Event()
        self._serving = asyncio.run_coroutine_threadsafe(self._serve(), event_loop())
        try:
            self._client = self._ready.result(server.start_timeout_s + END_S)
        except Exception as error:
            self.close()
            raise self._fault("start", error) from None

    def call(self, name: str, arguments: dict[str, object]) -> CallToolResult:
        """Call a tool by its name on the server. Raises ServerFault."""
        limit = self.server.timeout_s
        making = self._client.call_tool(name, arguments, read_timeout_seconds=limit)
        future = asyncio.run_coroutine_threadsafe(making, event_loop())
        self._running.add(future)
        try:
            return future.result(limit + END_S)
        except MCPError as error:
            if error.code == INVALID_PARAMS:
                return CallToolResult(content=[TextContent(type="text", text=error.message)], is_error=True)
            raise self._broken({REQUEST_TIMEOUT: "timeout", CONNECTION_CLOSED: "died"}.get(error.code), error) from None
        except NotDone as error:
            raise self._broken("timeout", error) from None
        except Exception as error:
            raise self._broken(None, error) from None
        except asyncio.CancelledError as error:
            raise self._broken("died", error) from None
        finally:
            self._running.discard(future)
            self._shorten_errors()

    def close(self) -> None:
        """End the connection, calls that run included, and the server if this process started it."""
        self.broken = True
        for future in list(self._running):
            future.cancel()
        event_loop().call_soon_threadsafe(self._stop.set)
        with contextlib.suppress(Exception, asyncio.CancelledError):
            self._serving.result(END_S)

    async def _serve(self) -> None:
        """Hold the connection open; it is opened and closed in one task, as the SDK demands."""
        try:
            async with contextlib.AsyncExitStack() as stack:
                async with asyncio.timeout(self.server.start_timeout_s):
                    client = await stack.enter_async_context(self._client_of(self.server))
                    self.listed = tuple([one async for one in _tools(client)])
                    self._check_session()
                self._ready.set_result(client)
                await self._stop.wait()
        except BaseException as error:
            self.broken = True
            if not self._ready.done():
                self._ready.set_exception(_first(error))

    @contextlib.asynccontextmanager
    async def _client_of(self, server: "McpServer") -> AsyncIterator[Client]:
        """A client of the server. Sessions exist only in the older protocol, and each is a world of its own."""
        async with contextlib.AsyncExitStack() as stack:
            if server.url is None:
                transport: Any = stdio_client(_command(server), errlog=self._errors)  # type: ignore[arg-type]
            else:
                http = httpx2.AsyncClient(
                    headers={name: one.get_secret_value() for name, one in server.headers.items()},
                    timeout=httpx2.Timeout(server.start_timeout_s, read=max(server.timeout_s, server.start_timeout_s)),
                    event_hooks={"response": [self._see_session]},
                )
                transport = streamable_http_client(server.url, http_client=await stack.enter_async_context(http))
            mode = "legacy" if server.url and server.restorable else "auto"
            yield await stack.enter_async_context(Client(transport, mode=mode, cache=None))

    async def _see_session(self, response: httpx2.Response) -> None:
        self._session = response.headers.get(SESSION_HEADER, self._session)

    def _check_session(self) -> None:
        if self.server.url and self.server.restorable and self._session is None:
            raise ServerFault("start", "it has no sessions, so attempts would share one world; set restorable = false")

    def _broken(self, kind: str | None, error: BaseException) -> ServerFault:
        self.broken = True
        return self._fault(kind or "protocol", error)

    def _fault(self, kind: str, error: BaseException) -> ServerFault:
        """The fault of an error, with the end of what the server printed if it may have ended."""
        printed = self._printed() if kind in {"start", "died"} else ""
        reason = "took too long" if isinstance(error, TimeoutError | NotDone) else str(error) or type(error).__name__
        text = f"the MCP server {self.server.name} failed ({kind}): {reason}. {printed}"
        return ServerFault(kind, masked(text.strip(), self.server.secrets()))

    def _printed(self) -> str:
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - MAX_ERROR_CHARS))
        return self._errors.read().decode("utf-8", "replace").strip()

    def _shorten_errors(self) -> None:
        if os.fstat(self._errors.fileno()).st_size > MAX_ERROR_FILE:
            self._errors.truncate(0)


def _command(server: "McpServer") -> StdioServerParameters:
    program, *arguments = guarded([str(server.command), *server.args], relay=True)
    env = {name: one.get_secret_value() for name, one in server.env.items()}
    return StdioServerParameters(command=program, args=arguments, env=env, cwd=server.cwd)


async def _tools(client: Client) -> AsyncIterator[Listed]:
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            read_only = bool(tool.annotations and tool.annotations.read_only_hint)
            yield Listed(tool.name, tool.description or "", tool.input_schema, read_only, tool.output_schema)
        cursor = page.next_cursor
        if cursor is None:
            return
    raise ServerFault("protocol", f"it lists more than {MAX_PAGES} pages of tools")


def _first(error: BaseException) -> BaseException:
    """The first error of a group: task groups wrap what they raise."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return TimeoutError() if isinstance(error, asyncio.CancelledError) else error
