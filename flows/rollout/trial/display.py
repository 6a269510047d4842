"""Formats a trial for people: facts, the episodes, the speed of each server, and lines for factory.toml.

A figure that the engine does not give is shown as unknown, with the reason.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import chain

from rich.console import Console

from flows.rollout.monitor.teacher_facts import Fact
from flows.rollout.pool.admission import max_in_flight
from flows.rollout.trial.advice import Advice, fitting, trajectory_tokens
from flows.rollout.trial.server_arguments import server_arguments
from flows.rollout.trial.trial import Trial, counted
from flows.settings import SETTINGS_FILE, Settings
from warehouse.console.terminal import facts_table, visible

IN_CAPACITY = ("context window", "KV cache")
"""Facts that are shown with the settings and the servers that they depend on."""


def print_trial(console: Console, trial: Trial, settings: Settings, found: Sequence[Advice]) -> None:
    """Print everything, the advice last."""
    facts = _identity(trial, settings), _episodes(trial), _quality(trial), _speeds(trial), _capacity(trial, settings)
    console.print(facts_table(chain(*facts)))
    console.print("\n".join(advice_lines(found)), markup=False, highlight=False, soft_wrap=True)


def _identity(trial: Trial, settings: Settings) -> Iterator[Fact]:
    teacher, defaults = settings.teacher, trial.identity.defaults
    joined = "joined" if teacher.urls else f"started in {trial.start_s:,.0f} s"
    yield "servers", f"{joined}: {', '.join(load.server + ('' if load.up else ' (down)') for load in trial.loads)}"
    yield from (fact for fact in trial.facts if fact[0] not in IN_CAPACITY)
    if trial.dialect == "chat" and trial.identity.token_ids:
        named = f"teacher.renderer = {teacher.renderer}"
        yield (
            "renderer chosen",
            "by the chat template (teacher.renderer = auto)" if teacher.renderer == "auto" else named,
        )
    own = ", ".join(f"{name} {value:g}" for name, value in (defaults or {}).items()) or "it names none"
    file = "unknown: generation_config.json is not readable here, so it sets nothing"
    yield "the model's own sampling", own if defaults is not None else file


def _capacity(trial: Trial, settings: Settings) -> Iterator[Fact]:
    wanted = (
        f"teacher.context_window {settings.teacher.context_window:,}, tasks.max_tokens {settings.tasks.max_tokens:,}"
    )
    yield "context window", f"{trial.identity.context:,} tokens ({wanted})"
    unknown = f"unknown: {server_arguments(trial.identity.engine).metrics}"
    yield "KV cache", ", ".join(f"{load.kv_tokens:,} tokens" if load.kv_tokens else unknown for load in trial.loads)
    fits, most = fitting(trial, settings), f"at most {max_in_flight(settings):,} in flight"
    share = f"{trajectory_tokens(trial, settings):,} tokens fit into {settings.rollout.kv_cache_share:.0%} of the cache"
    yield "trajectories at once", f"{unknown if fits is None else f'{fits:,} of {share}'}; {most}"
    hit = trial.cache_hit
    found = unknown if hit is None else f"{hit:.0%} of the looked-up prompt tokens found, by the servers' metrics"
    yield "prefix cache", found
    yield "back-pressure", ", ".join(f"{count} {name}" for name, count in _pressure(trial).items())


def _pressure(trial: Trial) -> dict[str, int]:
    discarded = sum(load.discarded for load in trial.loads)
    return {"preemptions": trial.preemptions, "refusals (429, 503)": trial.refusals, "aborted by servers": discarded}


def _quality(trial: Trial) -> Iterator[Fact]:
    exact = trial.exactness
    equal = f"{exact.equal} of {exact.compared} completions: stored ids = ids sent and sampled"
    equal = equal if exact.compared else "unknown: no completion with token ids"
    yield "token exactness", equal + (f"; {exact.difference}" if exact.difference else "")
    echoed = "the same in every reply, as the engine checks" if server_arguments(trial.identity.engine).echo else None
    yield "echo of the prompt", echoed or "unknown: this engine's servers send none"
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
