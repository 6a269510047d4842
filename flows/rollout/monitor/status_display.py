"""The live view as people read it: one line beside the bar, and facts for a small table.

The same facts stand in the terminal (`factory status`) and in Prefect's UI, so that both say the same.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import duckdb
from rich.table import Table
from rich.text import Text

from flows.rollout.monitor.run_status import Live
from warehouse.connect import sql_files
from warehouse.console.progress import span
from warehouse.console.terminal import visible

ENDINGS = {
    "done": "came to its end",
    "budget": "was stopped by a budget",
    "failed": "failed",
    "interrupted": "was stopped by hand",
    "killed": "was killed",
}
Fact = tuple[str, str]


def line(live: Live) -> str:
    """What matters most, first: cut at the right, it still says how fast the teacher is."""
    said = [
        f"{live.in_flight}+{live.waiting}" if live.waiting else f"{live.in_flight} in flight",
        f"{live.turns_per_s:.1f} turns/s",
        f"{_short(live.tokens_per_s)} tok/s",
        f"{live.up}/{live.servers} up" if live.up < live.servers else "",
        f"{sum(live.faults.values())} faults" if live.faults else "",
        f"{span(live.left_s).replace(' ', '')} left" if live.left_s is not None else "",
        f"hit {live.cache_hit:.0%}" if live.cache_hit is not None else "",
        f"kv {live.kv_used:.0%}" if live.kv_used is not None else "",
        f"queue {live.queued}" if live.queued else "",
        f"{live.gpu_seconds / 3600:.1f} GPU h" if live.gpus else "",
        f"{_short(live.sampled_tokens / live.finished)} tok each" if live.finished else "",
    ]
    return ", ".join(part for part in said if part)


def headline(live: Live, now: datetime | None = None) -> str:
    """Whether a rollout works, or how the last one ended."""
    now = now or datetime.now(UTC)
    if live.works:
        return f"rollout {live.run_id} works since {span((now - live.begun).total_seconds())}"
    how = ENDINGS[live.ending or "killed"]
    detail = f" ({live.detail})" if live.detail else ""
    left = f"; {live.pending:,} attempts go on with the next run" if live.pending else ""
    return f"the last rollout, {live.run_id}, {how}{detail} {span((now - live.at).total_seconds())} ago{left}"


def facts(live: Live, now: datetime | None = None) -> list[Fact]:
    """What is known, as (name, value); what only a run under way can say stands there only then."""
    known = [*_attempts(live), *_pace(live)]
    if live.works:
        known += [*_servers(live), *_end(live, now or datetime.now(UTC))]
    return [*known, *_cost(live)]


def status_table(live: Live, con: duckdb.DuckDBPyConnection) -> Table:
    """The facts for the terminal, with what kept trajectories have cost so far."""
    table = Table(title=Text(visible(headline(live), lines=False)), title_justify="left", show_header=False)
    for name, value in [*facts(live), *kept(con)]:
        table.add_row(Text(name), Text(visible(value, lines=False)))
    return table


def kept(con: duckdb.DuckDBPyConnection) -> list[Fact]:
    """What a kept trajectory has cost so far over all nights, by the mart `rollout_cost`."""
    found = con.execute(sql_files("rollout")["cost_per_kept"]).fetchall()
    if not found or not found[0][0]:
        return [("for each kept", "refine has kept none yet")]
    n, decided, tokens, gpu_seconds = found[0]
    cost = f"{tokens:,.0f} sampled tokens" + (f", {gpu_seconds:,.1f} GPU seconds" if gpu_seconds else "")
    return [("for each kept", f"{cost} (the newest refine kept {n:,} of {decided:,}; all nights)")]


def markdown(live: Live, con: duckdb.DuckDBPyConnection) -> str:
    """The facts as a Markdown table under their headline."""
    rows = [f"| {name} | {_plain(value)} |" for name, value in [*facts(live), *kept(con)]]
    return "\n".join([_plain(headline(live)), "", "| rollout | |", "| --- | --- |", *rows]) + "\n"


def _attempts(live: Live) -> Iterator[Fact]:
    tried = [f"{live.finished:,} of {live.planned:,} finished", f"{live.given_up:,} given up" if live.given_up else ""]
    tried += [f"{live.aborted:,} to be tried again" if live.aborted else ""]
    tried += [f"{live.restarted:,} begun again: teacher or prompts changed" if live.restarted else ""]
    yield "attempts", ", ".join(part for part in tried if part)
    if live.works:
        yield "in flight", f"{live.in_flight:,} at work, {live.waiting:,} wait for room, {live.not_begun:,} not begun"
    yield "faults", ", ".join(f"{code} {n:,}" for code, n in sorted(live.faults.items())) or "none"


def _pace(live: Live) -> Iterator[Fact]:
    for name, total, pace in (
        ("turns", live.turns, live.turns_per_s),
        ("sampled tokens", live.sampled_tokens, live.tokens_per_s),
    ):
        whole = f"{total / live.working_s:,.1f}/s in all" if live.working_s else "none yet"
        yield (
            name,
            f"{pace:,.1f}/s in the last minute, {whole}, {total:,} so far" if live.works else f"{total:,}, {whole}",
        )


def _servers(live: Live) -> Iterator[Fact]:
    yield "servers", f"{live.up} of {live.servers} up"
    yield "server queue", f"{live.queued:,} wait, {live.running:,} run"
    trouble = (("preemptions", live.preemptions), ("refusals (429, 503)", live.refusals))
    yield "back-pressure", ", ".join(f"{n:,} {name}" for name, n in trouble if n) or "none"
    yield "KV cache", f"{live.kv_used:.0%} in use" if live.kv_used is not None else "not told"


def _end(live: Live, now: datetime) -> Iterator[Fact]:
    if live.left_s is None:
        yield "expected end", "not known before attempts have finished"
    else:
        at = (now + timedelta(seconds=live.left_s)).strftime("%Y-%m-%d %H:%M UTC")
        yield "expected end", f"in {span(live.left_s)}, {at}"


def _cost(live: Live) -> Iterator[Fact]:
    hit = f"{live.cache_hit:.1%} of looked-up prompt tokens found" if live.cache_hit is not None else "not told"
    yield "prefix cache", hit
    held = f"{live.gpus} by the settings x {live.teacher_s:,.0f} s with the teacher, busy or not"
    yield (
        "GPU seconds",
        f"{live.gpu_seconds:,.0f} ({held})" if live.gpus else "none: the embedded teacher works on the CPU",
    )
    if live.finished:
        each = f"{live.sampled_tokens / live.finished:,.0f}"
        yield "sampled tokens for each finished", f"{each} (those of attempts in flight and given up included)"


def _short(number: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.1f}{letter}"
    return f"{number:.0f}"


def _plain(text: str) -> str:
    return visible(text, lines=False).replace("|", "\\|").replace("<", "&lt;")
