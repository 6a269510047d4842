"""Formats the live status of a run for people: one line beside the progress bar, and facts for a small table.

The terminal (`factory status`) and Prefect's UI show the same facts.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import duckdb
from rich.table import Table

from flows.rollout.monitor.run_status import RunStatus
from warehouse.connect import query
from warehouse.console.progress import format_duration
from warehouse.console.terminal import facts_table, visible

ENDINGS = {
    "done": "completed",
    "budget": "was stopped by a budget",
    "failed": "failed",
    "interrupted": "was interrupted",
    "killed": "was killed",
}
Fact = tuple[str, str]
"""Name and value."""


def progress_line(status: RunStatus) -> str:
    """Return the note of the progress bar, the most important figures first: a terminal cuts it at the right."""
    parts = [
        f"{status.in_flight}+{status.waiting}" if status.waiting else f"{status.in_flight} in flight",
        f"{status.turns_per_s:.1f} turns/s",
        f"{_short(status.tokens_per_s)} tok/s",
        f"{status.up}/{status.servers} up" if status.up < status.servers else "",
        f"{sum(status.faults.values())} faults" if status.faults else "",
        f"{format_duration(status.left_s).replace(' ', '')} left" if status.left_s is not None else "",
        f"hit {status.cache_hit:.0%}" if status.cache_hit is not None else "",
        f"kv {status.kv_used:.0%}" if status.kv_used is not None else "",
        f"queue {status.queued}" if status.queued else "",
        f"{status.gpu_seconds / 3600:.1f} GPU h" if status.gpus else "",
        f"{status.cost:,.2f} paid" if status.cost is not None else "",
        f"{_short(status.sampled_tokens / status.finished)} tok each" if status.finished else "",
    ]
    return ", ".join(part for part in parts if part)


def headline(status: RunStatus, now: datetime | None = None) -> str:
    """Return a sentence: for how long the rollout has been running, or how the last one ended."""
    now = now or datetime.now(UTC)
    if status.is_running:
        return f"rollout {status.run_id} running for {format_duration((now - status.begun).total_seconds())}"
    ending = ENDINGS[status.ending or "killed"]
    detail = f" ({status.detail})" if status.detail else ""
    left = f"; {plural(status.pending, 'attempt is', 'attempts are')} left for the next run" if status.pending else ""
    ago = format_duration((now - status.at).total_seconds())
    return f"the last rollout, {status.run_id}, {ending}{detail} {ago} ago{left}"


def facts(status: RunStatus, now: datetime | None = None) -> list[Fact]:
    """Return the status as facts; those on servers and the expected end only while the run is in progress."""
    known = [*_attempts(status), *_rates(status), *_discarded(status)]
    if status.is_running:
        known += status.teacher
        known += [*_servers(status), *_expected_end(status, now or datetime.now(UTC))]
    return [*known, *_cost(status)]


def status_table(status: RunStatus, con: duckdb.DuckDBPyConnection) -> Table:
    """Return the facts as a table for the terminal, with the cost of kept trajectories so far."""
    return facts_table([*facts(status), *cost_per_kept(con)], headline(status), boxed=True)


def cost_per_kept(con: duckdb.DuckDBPyConnection) -> list[Fact]:
    """Return the cost of a kept trajectory over all runs, from the mart `rollout_cost`."""
    found = con.execute(query("rollout", "cost_per_kept")).fetchall()
    if not found or not found[0][0]:
        return [("per kept trajectory", "refine has kept none yet")]
    n, decided, tokens, gpu_seconds, price = found[0]
    cost = f"{tokens:,.0f} sampled tokens" + (f", {gpu_seconds:,.1f} GPU seconds" if gpu_seconds else "")
    cost += f", {price:,.4f} paid" if price is not None else ""
    return [("per kept trajectory", f"{cost} (the newest refine kept {n:,} of {decided:,}; cost of all runs)")]


def markdown(status: RunStatus, con: duckdb.DuckDBPyConnection) -> str:
    """Return headline and facts as a Markdown table, with control characters and HTML escaped."""
    rows = [f"| {name} | {_cell(value)} |" for name, value in [*facts(status), *cost_per_kept(con)]]
    return "\n".join([_cell(headline(status)), "", "| rollout | |", "| --- | --- |", *rows]) + "\n"


def plural(n: int, one: str, many: str) -> str:
    """Return the number with its noun: `1 attempt`, `2 attempts`."""
    return f"{n:,} {one if n == 1 else many}"


def _attempts(status: RunStatus) -> Iterator[Fact]:
    parts = [f"{status.finished:,} of {status.planned:,} finished"]
    parts += [f"{status.given_up:,} given up" if status.given_up else ""]
    parts += [f"{status.aborted:,} to be retried" if status.aborted else ""]
    parts += [f"{status.restarted:,} restarted: teacher or prompts changed" if status.restarted else ""]
    yield "attempts", ", ".join(part for part in parts if part)
    if status.is_running:
        running = f"{status.in_flight:,} running"
        yield "in flight", f"{running}, {status.waiting:,} queued for KV cache, {status.not_started:,} not started"
    yield from _tools(status)
    yield "faults", ", ".join(f"{code} {n:,}" for code, n in sorted(status.faults.items())) or "none"


def _tools(status: RunStatus) -> Iterator[Fact]:
    if status.is_running and status.sandbox_queued:
        yield "sandbox queue", f"{plural(status.sandbox_queued, 'call waits', 'calls wait')} for a core"
    for domain, one in sorted(status.tools.items()):
        times = f"{one.seconds:,.1f} s of work, {one.queued_s:,.1f} s of waiting, {one.cpu_s:,.1f} s of sandboxed CPU"
        yield f"tools, {domain}", times


def _rates(status: RunStatus) -> Iterator[Fact]:
    for name, total, rate in (
        ("turns", status.turns, status.turns_per_s),
        ("sampled tokens", status.sampled_tokens, status.tokens_per_s),
    ):
        mean = f"{total / status.working_s:,.1f}/s over the run" if status.working_s else "no rate yet"
        recent = f"{rate:,.1f}/s in the last minute, {mean}, {total:,} so far"
        yield name, recent if status.is_running else f"{total:,}, {mean}"
    if status.user_tokens:
        yield "tokens of users", f"{status.user_tokens:,} sampled by the model that plays them"


def _discarded(status: RunStatus) -> Iterator[Fact]:
    if status.discarded:
        cut = plural(status.discarded, "generation that a server cut", "generations that servers cut")
        yield "sampled again", f"{cut}, {status.discarded_tokens:,} tokens"


def _servers(status: RunStatus) -> Iterator[Fact]:
    yield "servers", f"{status.up} of {status.servers} up"
    yield "server queue", f"{status.queued:,} waiting, {status.running:,} running"
    pressure = (("preemptions", status.preemptions), ("refusals (429, 503)", status.refusals))
    yield "back-pressure", ", ".join(f"{n:,} {name}" for name, n in pressure if n) or "none"
    yield "KV cache", f"{status.kv_used:.0%} in use" if status.kv_used is not None else "unknown"


def _expected_end(status: RunStatus, now: datetime) -> Iterator[Fact]:
    if status.left_s is None:
        yield "expected end", "unknown until attempts have finished"
    else:
        at = (now + timedelta(seconds=status.left_s)).strftime("%Y-%m-%d %H:%M UTC")
        yield "expected end", f"in {format_duration(status.left_s)}, {at}"


def _cost(status: RunStatus) -> Iterator[Fact]:
    hit = f"{status.cache_hit:.1%} of looked-up prompt tokens found" if status.cache_hit is not None else "unknown"
    yield "prefix cache", hit
    held = f"{status.gpus} GPUs in the settings x {status.teacher_s:,.0f} s with the teacher, busy or not"
    yield (
        "GPU seconds",
        f"{status.gpu_seconds:,.0f} ({held})"
        if status.gpus
        else f"none: the {status.engine} teacher holds no GPU here",
    )
    if status.engine == "chat":
        paid = (
            f"{status.cost:,.4f} paid"
            if status.cost is not None
            else "price unknown: set teacher.price_input and price_output"
        )
        tokens = f"{status.prompt_tokens:,} prompt tokens ({status.cached_tokens:,} from the cache)"
        yield "billed by the API", f"{paid}: {tokens}, {status.sampled_tokens:,} sampled"
    if status.finished:
        mean = f"{status.sampled_tokens / status.finished:,.0f}"
        yield "sampled tokens per finished attempt", f"{mean} (with those of attempts in flight and given up)"


def _short(number: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.1f}{letter}"
    return f"{number:.0f}"


def _cell(text: str) -> str:
    return visible(text, lines=False).replace("|", "\\|").replace("<", "&lt;")
