"""Formats a trial for people: facts, the episodes, the speed of each server, and lines for factory.toml.

A figure that the engine does not give is shown as unknown, with the reason.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.rollout.pool.admission import max_in_flight
from flows.rollout.trial.advice import Advice, fitting, trajectory_tokens
from flows.rollout.trial.trial import Trial, counted
from flows.settings import SETTINGS_FILE, Settings
from warehouse.console.terminal import visible

Fact = tuple[str, str]
"""Name and value."""
UNKNOWN_KV = "unknown: the server's metrics name no size"
UNKNOWN_CACHE = "unknown: neither replies nor metrics name cached tokens"


def print_trial(console: Console, trial: Trial, settings: Settings, found: Sequence[Advice]) -> None:
    """Print everything, the advice last."""
    table = Table(show_header=False, box=None, pad_edge=False)
    facts = _identity(trial, settings), _episodes(trial), _quality(trial), _speeds(trial), _capacity(trial, settings)
    for name, value in chain(*facts):
        table.add_row(Text(name, style="bold", no_wrap=True), Text(visible(value, lines=False)))
    console.print(table)
    console.print("\n".join(advice_lines(found)), markup=False, highlight=False, soft_wrap=True)


def _identity(trial: Trial, settings: Settings) -> Iterator[Fact]:
    one, teacher = trial.identity, settings.teacher
    yield "engine", f"{one.engine} {one.engine_version or ''}".strip()
    yield "model", f"{one.model} ({one.revision})" if one.revision else one.model
    joined = "joined" if teacher.urls else f"started in {trial.start_s:,.0f} s"
    yield "servers", f"{joined}: {', '.join(load.server + ('' if load.up else ' (down)') for load in trial.loads)}"
    chosen = "chosen from the model" if teacher.renderer == "auto" else f"teacher.renderer = {teacher.renderer}"
    yield "renderer", trial.rendering.renderer + (f", {chosen}" if trial.rendering.dialect == "chat" else "")
    yield "dialect", f"{trial.rendering.dialect}, teacher.dialect = {teacher.dialect}"
    yield "reasoning kept", trial.rendering.reasoning_policy
    if trial.episodes:
        yield "sampling in force", _sampling(trial.episodes[0].sampling)


def _sampling(row: dict[str, Any]) -> str:
    """The sampling of a row: parameters with their sources, neutral ones by name only, then the other fields."""
    sources = row.get("sources", {})
    chosen = [f"{name} {row[name]:g} ({source})" for name, source in sources.items() if source != "neutral"]
    neutral = [name for name, source in sources.items() if source == "neutral"]
    others = {name: value for name, value in row.items() if name not in sources and name != "sources" and value}
    parts = ", ".join([*chosen, *(f"{name} {json.dumps(value)}" for name, value in others.items())])
    return parts + (f"; neutral: {', '.join(neutral)}" if neutral else "")


def _capacity(trial: Trial, settings: Settings) -> Iterator[Fact]:
    wanted = (
        f"teacher.context_window {settings.teacher.context_window:,}, tasks.max_tokens {settings.tasks.max_tokens:,}"
    )
    yield "context window", f"{trial.identity.context:,} tokens ({wanted})"
    sizes = [load.kv_tokens for load in trial.loads]
    yield "KV cache", ", ".join(f"{size:,} tokens" if size else UNKNOWN_KV for size in sizes)
    fits, length = fitting(trial, settings), trajectory_tokens(trial, settings)
    share = f"{settings.rollout.kv_cache_share:.0%} of the cache"
    yield (
        "trajectories at once",
        (f"{fits:,} of {length:,} tokens fit into {share}" if fits is not None else UNKNOWN_KV)
        + f"; at most {max_in_flight(settings):,} in flight",
    )
    hit = f"{trial.cache_hit:.0%} of the looked-up prompt tokens found, by the servers' metrics"
    yield "prefix cache", hit if trial.cache_hit is not None else UNKNOWN_CACHE
    yield "back-pressure", f"{trial.preemptions} preemptions, {trial.refusals} refusals (429, 503)"


def _quality(trial: Trial) -> Iterator[Fact]:
    exact = trial.exactness
    equal = f"{exact.equal} of {exact.compared} completions: stored ids = ids sent and sampled"
    yield "token exactness", equal + (f"; {exact.difference}" if exact.difference else "")
    yield "parse results", counted(trial.parses)
    yield "right answers", f"{sum(episode.right for episode in trial.episodes)} of {len(trial.episodes)}"


def _episodes(trial: Trial) -> Iterator[Fact]:
    for one in trial.episodes:
        counts = f"{one.turns} turns, {one.calls} calls, at most {one.most_calls} in one turn"
        lengths = f"{one.tokens:,} tokens, {one.sampled:,} sampled, longest result {one.longest_observation:,}"
        yield f"episode {one.name}", f"{one.status}, {'right' if one.right else 'not right'}: {counts}; {lengths}"


def _speeds(trial: Trial) -> Iterator[Fact]:
    for one in trial.speeds:
        yield "server", one.server
        cached = "unknown" if one.cached_tokens is None else f"{one.cached_tokens:,} tokens"
        prompt = f"a prompt of {one.prompt_tokens:,} tokens; {cached} of it cached when repeated"
        yield "  prefill", f"{one.prefill_per_s:,.0f} tokens/s, {prompt}"
        rates = (f"{rate:,.0f} with {n} at once" for n, rate in sorted(one.sampled_per_s.items()))
        yield "  sampling", f"tokens/s: {', '.join(rates)}"


def advice_lines(found: Sequence[Advice]) -> list[str]:
    """The advice as lines of factory.toml, each after the figure that calls for it, then changes outside of it."""
    sections: dict[str, list[str]] = defaultdict(list)
    outside = [f"{one.value}\n  ({one.because})" for one in found if one.key is None]
    for one in found:
        if one.key:
            section, _, name = one.key.partition(".")
            sections[section] += [f"# {one.because}", f"{name} = {one.value}"]
    if not found:
        return [f"\nnothing to change in {SETTINGS_FILE}: no figure calls for it"]
    lines = [f"\nset in {SETTINGS_FILE}:"] if sections else []
    for section, entries in sections.items():
        lines += [f"[{section}]", *entries]
    return [*lines, *(f"also: {visible(text)}" for text in outside)]


def as_json_text(trial: Trial, settings: Settings, found: Sequence[Advice]) -> str:
    """The trial, its derived figures and the advice as one JSON object."""
    derived = {
        "exactness": asdict(trial.exactness),
        "parses": trial.parses,
        "trajectory_tokens": trajectory_tokens(trial, settings),
        "trajectories_at_once": fitting(trial, settings),
        "problem": trial.problem,
    }
    whole = asdict(trial) | derived | {"advice": [asdict(one) for one in found]}
    return json.dumps(whole, indent=2, ensure_ascii=False)
