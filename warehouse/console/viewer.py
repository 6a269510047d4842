"""Prints one trajectory: its task, every turn with its token counts, its children, the verdicts and the decision.

A line marks where the context was compacted; copies that open a later segment are named, not repeated.

The text is data from pages and models, so it is printed as plain text only: markup is not interpreted, and control
characters are written by their number.
"""

import json
from collections.abc import Iterator
from typing import Any

import duckdb
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from warehouse.connect import execute, query
from warehouse.console.terminal import cell, empty_table, facts_table, shortened, visible

SHORT_CHARS = 1_200
"""Characters of a turn's text that are printed without `full`; longer texts are cut."""
COLOURS = {"system": "magenta", "user": "blue", "assistant": "green", "tool": "yellow"}

Row = dict[str, Any]


class ViewerError(Exception):
    """The id matches no trajectory, or those of several tasks; the message gives the next step."""


def print_trajectory(con: duckdb.DuckDBPyConnection, id: str, *, full: bool = False) -> None:
    """Print the trajectory whose id is `id` or starts with it; for a task's id, the table of its attempts.

    Raises ViewerError if `id` matches no attempt, or attempts at several tasks.
    """
    console = Console()
    found = _rows(con, "matching_attempts", id=id)
    if not found or not id:
        raise ViewerError(f'no trajectory with id {id!r}. `factory sql "from fates"` lists all')
    if len({row["task_id"] for row in found}) > 1:
        listed = ", ".join(row["trajectory_id"][:16] for row in found[:5])
        raise ViewerError(
            f"{len(found)} attempts of several tasks begin with {id!r}, such as {listed}: write more of it"
        )
    if len(found) > 1 or found[0]["status"] is None:
        console.print(_attempts(found))
        return
    for part in render_trajectory(con, found[0]["trajectory_id"], full=full):
        console.print(part)


def render_trajectory(
    con: duckdb.DuckDBPyConnection, trajectory_id: str, *, full: bool = False
) -> Iterator[RenderableType]:
    """The parts of a trajectory for a Rich console, from its task to its decision."""
    most = 10**9 if full else SHORT_CHARS
    attempt = _rows(con, "attempt", trajectory_id=trajectory_id)[0]
    yield Rule(Text(f"trajectory {trajectory_id}"))
    yield _facts(attempt)
    family, segment = _rows(con, "delegations", trajectory_id=trajectory_id), 0
    for turn in _rows(con, "displayed_turns", trajectory_id=trajectory_id):
        if turn["segment"] != segment:
            segment = turn["segment"]
            yield Rule(Text(f"segment {segment}: the context was compacted"))
        yield from _turn(turn, most) if turn["copy_of"] is None else [_copy(turn)]
        if turn["copy_of"] is None and turn["tool_call_id"]:
            yield from _children(family, trajectory_id, turn["tool_call_id"])
    yield Rule(Text("verdicts"))
    yield _verdicts(_rows(con, "verdict_counts", trajectory_id=trajectory_id))
    yield _decision(attempt)


def _rows(con: duckdb.DuckDBPyConnection, name: str, **parameters: object) -> list[Row]:
    result = execute(con, query("viewer", name), parameters)
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _attempts(rows: list[Row]) -> Table:
    columns = ("trajectory_id", "sample", "fate", "reason", "n_tokens")
    table = empty_table(columns, f"attempts at task {rows[0]['task_id']}")
    for row in rows:
        table.add_row(*(cell(row[name]) for name in columns))
    return table


def _facts(attempt: Row) -> Table:
    facts = {
        "task": f"{attempt['task_id']} · {attempt['domain']} · {attempt['composer']}, hops: {attempt['hops']}",
        "question": attempt["instruction"],
        "truth": attempt["truth"],
        "answer": attempt["answer"],
        "status": attempt["status"] + (f" ({attempt['error']})" if attempt["error"] else ""),
        "spent": f"{attempt['n_turns']} turns, {attempt['n_tool_calls']} calls, {attempt['n_tokens']:,} tokens "
        f"({attempt['n_sampled_tokens']:,} sampled, {attempt['n_observation_tokens']:,} observed)",
        "teacher": f"{attempt['teacher_model']} ({attempt['engine']}, {attempt['dialect']}), seed {attempt['seed']}",
        "path": " → ".join(attempt["path"] or ()),
        **({"child of": f"{attempt['parent_id']}, call {attempt['parent_call_id']}"} if attempt["parent_id"] else {}),
        "run": f"{attempt['run_id']}, {attempt['started_at']:%H:%M:%S} to {attempt['ended_at']:%H:%M:%S} UTC",
    }
    return facts_table((name, cell(value, most=2_000)) for name, value in facts.items())


def _turn(turn: Row, most: int) -> Iterator[RenderableType]:
    facts = [f"{turn['index']} {turn['role']}", turn["tool"], turn["kind"], f"{turn['n_tokens']:,} tokens"]
    if turn["cached_tokens"] is not None:
        facts.append(f"{turn['cached_tokens']:,} cached")
    if turn["bytes_dropped"]:
        facts.append(f"{turn['bytes_dropped']:,} bytes cut")
    if turn["parse"] not in (None, "ok"):
        facts.append(f"not parsed: {turn['parse']}")
    facts += [turn["finish_reason"], f"{turn['seconds']:.2f} s", turn["url"]]
    yield Text(visible(" · ".join(fact for fact in facts if fact)), style=f"bold {COLOURS.get(turn['role'], 'red')}")
    for name, style in (("reasoning", "italic dim"), ("content", ""), ("observation", "")):
        if turn[name]:
            yield Padding(Text(visible(shortened(turn[name], most)), style=style), (0, 0, 0, 4))
    for call in _calls(turn["tool_calls"]):
        yield Padding(Text(visible(shortened(call, most)), style="cyan"), (0, 0, 0, 4))


def _copy(turn: Row) -> Text:
    facts = f"{turn['index']} {turn['role']} · copy of turn {turn['copy_of']} · {turn['n_tokens']:,} tokens"
    return Text(facts, style="dim")


def _children(family: list[Row], parent_id: str, call_id: str, indent: int = 4) -> Iterator[RenderableType]:
    """The trajectories that a call delegated, each with its own children below it, further indented."""
    for child in family:
        if child["parent_id"] != parent_id or call_id not in ("", child["parent_call_id"]):
            continue
        fate = {None: "not decided yet", True: "kept", False: "rejected"}[child["kept"]]
        facts = f"{child['status']}, {fate} · {child['n_turns']} turns · {child['n_tokens']:,} tokens"
        line = f"⤷ delegated to {child['trajectory_id']} · {facts}: {shortened(child['answer'] or '', 200)}"
        yield Padding(Text(visible(line), style="bold magenta"), (0, 0, 0, indent))
        yield from _children(family, child["trajectory_id"], "", indent + 4)


def _calls(text: str | None) -> Iterator[str]:
    """The tool calls of a turn as `name(arguments)`; the column's own text where it does not parse."""
    try:
        for call in json.loads(text or "[]"):
            yield f"→ {call['name']}({json.dumps(call['arguments'], ensure_ascii=False)})"
    except (ValueError, TypeError, KeyError):
        yield f"→ {text}"


def _verdicts(rows: list[Row]) -> Table:
    table = Table("verifier", "passed", "of", "reasons", box=None)
    for row in rows:
        table.add_row(cell(row["verifier"]), cell(row["passed"]), cell(row["judged"]), cell(row["reasons"]))
    return table


def _decision(attempt: Row) -> Text:
    if attempt["kept"] is None:
        return Text("not decided yet", style="bold")
    if attempt["kept"]:
        return Text("kept", style="bold green")
    reasons = "rejected: " + ", ".join(attempt["reasons"])
    if attempt["keeper_id"]:
        reasons += f" (cluster of {attempt['keeper_id']}, similarity {attempt['similarity'] or 0:.2f})"
    return Text(visible(reasons), style="bold red")
