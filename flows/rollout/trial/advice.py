"""Derives settings from the figures of a trial. Each piece of advice names the figure that calls for it.

A figure that the engine does not give leads to no advice, and neither does one that is as it should be.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from flows.rollout.pool.admission import max_in_flight
from flows.rollout.trial.server_arguments import ARGUMENTS, server_arguments
from flows.rollout.trial.trial import Trial, counted
from flows.settings import Settings

UNREADABLE = ("invalid_json", "unknown_tool", "invalid_arguments", "call_in_reasoning", "unclosed_reasoning")
"""Parse failures to which a wrong renderer leads."""
UNREADABLE_SHARE = 1 / 3
"""Share of such replies from which on they are no accident of sampling."""


@dataclass(frozen=True)
class Advice:
    """One setting to change; without a `key`, `value` describes a change outside factory.toml."""

    because: str
    """The measured figure."""
    value: str
    """The value in TOML; for `teacher.serve_args`, all arguments."""
    key: str | None = None
    """Section and name, such as `teacher.renderer`."""


def fitting(trial: Trial, settings: Settings) -> int | None:
    """Trajectories of the configured length that the KV caches of all servers hold at once; None if unknown."""
    sizes = [load.kv_tokens for load in trial.loads if load.up]
    if not sizes or None in sizes:
        return None
    length = trajectory_tokens(trial, settings)
    return sum(int(size * settings.rollout.kv_cache_share) // length for size in sizes if size)


def busiest(trial: Trial) -> int:
    """Requests at once, over all servers, from which on sampling hardly speeds up; 0 without a measurement."""
    return sum(speed.best for speed in trial.speeds)


def trajectory_tokens(trial: Trial, settings: Settings) -> int:
    """The configured length of a trajectory, in tokens: the smallest of the task's budget and the context windows."""
    return min(settings.tasks.max_tokens, settings.teacher.context_window, trial.identity.context)


def advice(trial: Trial, settings: Settings, gpus: int) -> list[Advice]:
    """The settings that the figures call for; `gpus` is the number of GPUs that this machine has."""
    rules = (_context, _kv_cache, _in_flight, _cut_turns, _unreadable)
    found = [one for rule in rules for one in rule(trial, settings)]
    return [*_server_arguments(trial, settings), *found, *_idle_gpus(trial, settings, gpus)]


def _server_arguments(trial: Trial, settings: Settings) -> Iterator[Advice]:
    """Arguments for a server that the flow starts, all in one line; for running servers, words to their owner."""
    known, reasons, added = server_arguments(trial.identity.engine), list[str](), list[str]()
    if cold := _cold_cache(trial):
        reasons, added = [cold], [*known.caching]
    fits = fitting(trial, settings)
    if fits and fits < busiest(trial) and known.small_kv:
        reasons, added = [*reasons, _kv_figure(trial, settings, fits)], [*added, *known.small_kv]
    if reasons and settings.teacher.urls:
        words = [f"with {' '.join(added)}"] if added else []
        words += [f"without {' '.join(known.no_caching)}"] if cold else []
        yield Advice("; ".join(reasons), f"start the servers {', '.join(words)}")
    elif reasons:
        kept = [one for one in settings.teacher.serve_args if not (cold and one in known.no_caching)]
        yield Advice("; ".join(reasons), json.dumps([*kept, *added]), "teacher.serve_args")


def _cold_cache(trial: Trial) -> str | None:
    """The figure of a prefix cache that holds nothing; None if it holds something, or that is unknown."""
    cold = [speed for speed in trial.speeds if speed.cached_tokens == 0]
    cold += [speed for speed in trial.speeds if speed.cached_tokens is None and trial.cache_hit == 0]
    if not cold or trial.identity.engine not in ARGUMENTS:
        return None
    return f"a prompt of {cold[0].prompt_tokens:,} tokens, sent twice to {cold[0].server}, had 0 cached tokens"


def _kv_figure(trial: Trial, settings: Settings, fits: int) -> str:
    held = f"the KV caches hold {fits:,} trajectories of {trajectory_tokens(trial, settings):,} tokens"
    return f"{held}, sampling speeds up to {busiest(trial):,} requests at once"


def _context(trial: Trial, settings: Settings) -> Iterator[Advice]:
    wanted = min(settings.tasks.max_tokens, settings.teacher.context_window)
    window, by_default = trial.identity.context, "context_window" not in settings.teacher.model_fields_set
    capped = any(episode.status == "context_cap" for episode in trial.episodes)
    if window < wanted and (capped or not (settings.teacher.engine == "embedded" and by_default)):
        because = f"the server holds {window:,} tokens of one sequence, the tasks may take {wanted:,}"
        yield Advice(because, str(window), "tasks.max_tokens")


def _kv_cache(trial: Trial, settings: Settings) -> Iterator[Advice]:
    if fitting(trial, settings) == 0:
        smallest = min(load.kv_tokens for load in trial.loads if load.kv_tokens)
        most = int(smallest * settings.rollout.kv_cache_share)
        yield Advice(_kv_figure(trial, settings, 0), str(most), "teacher.context_window")


def _in_flight(trial: Trial, settings: Settings) -> Iterator[Advice]:
    """Attempts in flight; the embedded engine has a fixed number of slots, which its default fills."""
    present, best = max_in_flight(settings), busiest(trial)
    if not trial.speeds or settings.teacher.engine == "embedded":
        return
    if present < best:
        rate = sum(max(speed.sampled_per_s.values()) for speed in trial.speeds)
        because = f"sampling speeds up to {best:,} requests at once, to {rate:,.0f} tokens/s"
        yield Advice(because, str(best), "rollout.max_in_flight")
    elif fitting(trial, settings) is None and present > 2 * best:
        because = f"the KV cache size is unknown: {present:,} attempts start, sampling is fastest at {best:,}"
        yield Advice(because, str(best), "rollout.max_in_flight")


def _cut_turns(trial: Trial, settings: Settings) -> Iterator[Advice]:
    limit = settings.teacher.max_completion_tokens
    if any(episode.longest_turn >= limit for episode in trial.episodes):
        cut = sum(episode.endings.get("length", 0) for episode in trial.episodes)
        turns = sum(episode.turns for episode in trial.episodes)
        because = f"{cut} of {turns} turns were cut at {limit:,} sampled tokens"
        yield Advice(because, str(2 * limit), "teacher.max_completion_tokens")


def _unreadable(trial: Trial, settings: Settings) -> Iterator[Advice]:
    failed, turns = (
        {name: trial.parses[name] for name in UNREADABLE if name in trial.parses},
        sum(trial.parses.values()),
    )
    if trial.dialect == "chat" and sum(failed.values()) >= max(1, UNREADABLE_SHARE * turns):
        because = f"{sum(failed.values())} of {turns} replies were not readable ({counted(failed)})"
        yield Advice(because, f"teacher.renderer of the model's family, instead of {trial.renderer}")


def _idle_gpus(trial: Trial, settings: Settings, gpus: int) -> Iterator[Advice]:
    """GPUs that a started server does not use: more of them per copy if the KV cache is short, else more copies."""
    teacher, best = settings.teacher, busiest(trial)
    used = teacher.tensor_parallel * teacher.data_parallel
    if teacher.engine != "vllm" or teacher.urls or gpus < 2 * used:
        return
    because, fits = f"{gpus} GPUs are visible, the server uses {used}", fitting(trial, settings)
    if fits is not None and fits < best:
        yield Advice(because, str(2 * teacher.tensor_parallel), "teacher.tensor_parallel")
    else:
        yield Advice(because, str(gpus // teacher.tensor_parallel), "teacher.data_parallel")
