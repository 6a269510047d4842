"""`factory environments serve` and `tools`: both sides of the Model Context Protocol."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.context import local_path, open_warehouse, read_settings
from flows.commands.exit import fail, plain_errors

if TYPE_CHECKING:
    import duckdb

    from flows.environments.mcp.serve import Served
    from flows.settings import Settings
    from schemas.task import Task

app = typer.Typer(no_args_is_help=True, help="Environments as MCP servers, and MCP servers as environments.")
SetupFile = Annotated[
    Path | None, typer.Option("--setup", help="JSON file with the setup of a world.", callback=local_path)
]


@app.command()
def serve(
    domain: Annotated[str | None, typer.Argument(help="A domain; not needed with --task.")] = None,
    task: Annotated[str | None, typer.Option(help="A task's id, or the start of it: its world and its tools.")] = None,
    setup: SetupFile = None,
    http: Annotated[int | None, typer.Option("--http", help="Port of this machine; default: standard input.")] = None,
) -> None:
    """Serve the environment of a domain or a task as an MCP server, with a fresh world for each session."""
    import asyncio
    from tempfile import TemporaryDirectory

    from flows.environments.mcp.faults import require_sdk

    with plain_errors(), TemporaryDirectory() as folder:
        require_sdk()
        from flows.environments.mcp.serve import serve_http, serve_stdio

        with open_warehouse() as (con, settings):
            served = _served(con, settings, domain, task, setup.read_text("utf-8") if setup else "{}", Path(folder))
        asyncio.run(serve_http(served, http) if http else serve_stdio(served))


@app.command()
def tools(name: Annotated[str, typer.Argument(help="Name of a server of the settings (environments.mcp).")]) -> None:
    """Start a server of the settings and list the tools that agents get, and the others with the reason."""
    from flows.environments.mcp.kind import connected_offer

    with plain_errors():
        servers = {one.name: one for one in read_settings().environments.mcp}
        if name not in servers:
            fail(f"[[environments.mcp]] has no server {name!r}; there are: {', '.join(servers) or 'none'}")
        offer = connected_offer(servers[name])
    for tool in offer.setup.tools:
        also = "" if tool.name == tool.server_name else f" (the server's {tool.server_name})"
        typer.echo(f"{tool.name}{also}: {'reads' if tool.read_only else 'writes'}")
    for left, reason in offer.left_out:
        typer.echo(f"{left}: left out, {reason}")


def _served(  # noqa: PLR0913, PLR0917 (the options of the command)
    con: "duckdb.DuckDBPyConnection",
    settings: "Settings",
    domain_name: str | None,
    task_id: str | None,
    setup: str,
    folder: Path,
) -> "Served":
    from flows.domains import domain
    from flows.environments.library import open_library, with_dense_index
    from flows.environments.mcp.serve import Served
    from flows.environments.resources import Resources

    task = _task(con, task_id) if task_id else None
    if task is None and domain_name is None:
        fail("name a domain, or a task with --task; `factory domains` lists the domains")
    try:
        kind = domain(task.domain if task else str(domain_name)).environment
    except LookupError as error:
        fail(str(error))
    if task:
        setup = task.setup
    library = open_library(con, settings.state, lambda note: None) if "library" in kind.needs else None
    given = Resources(library, blocklist=tuple(settings.blocklist), servers=tuple(settings.environments.mcp))
    found = with_dense_index(given, settings.environments.dense, settings.state, lambda note: None)
    resources = found.with_sandbox(settings.sandbox)
    offered = {tool.name: tool for tool in kind.tools(setup, "chat") if task is None or tool.name in task.tools}
    if not offered:
        fail(f"the environment {kind.name} has no tools without the setup of a task: name one with --task or --setup")
    return Served(
        name=kind.name,
        version=kind.version,
        tools=offered,
        open=lambda name: kind.open(setup, resources, folder / name),
        instructions=task.instruction if task else None,
        survives_faults=not kind.has_state,
    )


def _task(con: "duckdb.DuckDBPyConnection", id: str) -> "Task":
    from schemas.task import Task
    from warehouse.connect import execute, query

    result = execute(con, query("tasks", "matching_tasks"), {"id": id})
    names, rows = [column[0] for column in result.description or ()], result.fetchall()
    if len(rows) != 1:
        fail(f'{len(rows)} tasks have an id that begins with {id!r}; `factory sql "select task_id from tasks"`')
    return Task.model_validate(dict(zip(names, rows[0], strict=True)))
