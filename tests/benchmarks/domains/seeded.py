"""Measures each domain that has policies: tasks a minute, how policies fare, lengths, and whether worlds replay.

Lengths are those of the oracle's attempts in tokens of Qwen3 (smoke: of a splitter), without reasoning.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from flows.domains import domains
from flows.domains.attempt import Attempt, Player, Policy
from flows.domains.contract import Domain, Play
from flows.environments.resources import Resources
from flows.environments.tool import ToolCall
from flows.rollout.rehearsal.rehearse import Rehearsed, rehearse
from flows.settings import Settings, Tasks
from flows.settings import Teacher as TeacherSettings
from flows.tasks.compose import run_tasks
from schemas import Hidden, Task, Trajectory
from tests.benchmarks.figure import Figure
from tests.doubles.teachers.family_tokenizers import family_tokenizer
from tests.flows.tasks.reading import rows
from warehouse.console.progress import silent

DAY = date(2026, 1, 2)


class Size(NamedTuple):
    """Number of tasks composed, rehearsed and replayed, and the tokenizer, which takes seconds to make."""

    composed: int
    rehearsed: int
    replayed: int
    qwen3: bool


FULL, SMOKE = Size(200, 30, 30, qwen3=True), Size(2, 1, 1, qwen3=False)
NAMES = (
    "tasks_per_min", "tasks_per_min_probed", "oracle", "explorer", "shortcuts", "calls_median", "tokens_mean",
    "tokens_median", "tokens_p90", "tokens_hard", "observation_share", "replay_identical",
)  # fmt: skip
MEASURED = [one for one in domains().values() if one.policies and not one.environment.needs]
FIGURES = tuple(f"domains.{one.name}.{name}" for one in MEASURED for name in NAMES)


def figures(size: Size) -> Iterator[Figure]:
    """All figures of each domain in turn."""
    for domain in MEASURED:
        with tempfile.TemporaryDirectory() as folder:
            yield from figures_of(domain, size, Path(folder))


def figures_of(domain: Domain, size: Size, folder: Path) -> Iterator[Figure]:
    """The figures of one domain, measured in a folder."""

    def figure(name: str, value: float, unit: str, against: str | None = None) -> Figure:
        return Figure(f"domains.{domain.name}.{name}", round(value, 4), unit, against)

    tasks = f"{size.composed} tasks"
    yield figure("tasks_per_min", _tasks_per_min(domain, size.composed, folder / "bare", probes=[]), "1/min", tasks)
    probed = _tasks_per_min(
        domain, size.composed, folder / "probed", probes=["oracle", "shortcuts", "digest", "canary"]
    )
    yield figure("tasks_per_min_probed", probed, "1/min", tasks)
    settings = settings_of(
        domain, folder / "rehearsed", size.rehearsed, tokenizer=qwen3(folder) if size.qwen3 else None
    )
    found = {one.engine: one for one in rehearse(settings, domain, size.rehearsed, compose, silent)}
    rehearsed = f"{size.rehearsed} tasks"
    for name, value in shares(found).items():
        yield figure(name, value, "share", rehearsed)
    for name, value in lengths(found["oracle"], settings.state / "rehearsal" / domain.name / "oracle").items():
        yield figure(name, value, "calls" if name.startswith("calls") else "tokens", f"{rehearsed}, by the oracle")
    yield figure("observation_share", found["oracle"].observation_share, "share", rehearsed)
    yield figure(
        "replay_identical", _replayed(domain, folder / "bare", size.replayed), "share", f"{size.replayed} tasks"
    )


def shares(found: dict[str, Rehearsed]) -> dict[str, float]:
    """Shares solved, by the kind of policy; of the shortcuts the highest."""
    shortcuts = [one.solved for name, one in found.items() if name.startswith("shortcut:")]
    explorer = found.get("explorer")
    return {
        "oracle": found["oracle"].solved,
        "explorer": explorer.solved if explorer else 0.0,
        "shortcuts": max(shortcuts, default=0.0),
    }


def lengths(oracle: Rehearsed, home: Path) -> dict[str, float]:
    """`tokens_hard` is the mean of the longest quarter."""
    tokens = sorted(row["n_tokens"] for row in rows(home, Trajectory))
    hard = tokens[-max(1, len(tokens) // 4) :]
    return {
        "calls_median": oracle.calls,
        "tokens_mean": oracle.tokens_mean,
        "tokens_median": oracle.tokens_median,
        "tokens_p90": oracle.tokens_p90,
        "tokens_hard": sum(hard) / len(hard),
    }


def _tasks_per_min(domain: Domain, n: int, home: Path, probes: list[str]) -> float:
    settings = settings_of(domain, home, n, probes=probes)
    begun = time.perf_counter()
    counts = compose(settings, DAY)
    return int(counts["composed"]) / (time.perf_counter() - begun) * 60


def _replayed(domain: Domain, home: Path, n: int) -> float:
    """The share of the oracle's attempts whose calls, made again in a fresh world, give the same answers and state."""
    assert domain.policies is not None
    hidden = {row["task_id"]: Hidden(**row) for row in rows(home, Hidden)}
    player, same = Player(domain, Resources(), home / "worlds"), 0
    chosen = [Task(**row) for row in rows(home, Task)[:n]]
    for task in chosen:
        truth = hidden.get(task.task_id)
        first = player.play(task, truth, domain.policies.oracle)
        same += _facts(first) == _facts(player.play(task, truth, _again(first)))
    return same / len(chosen)


def _facts(attempt: Attempt) -> tuple[Any, list[str | None]]:
    outcome = attempt.finished.outcome
    return outcome and outcome.digest, [turn.observation for turn in attempt.finished.turns if turn.role == "tool"]


def _again(attempt: Attempt) -> Policy:
    def policy(task: Task, hidden: Hidden | None) -> Play:
        for turn in attempt.finished.turns:
            if turn.tool_calls:
                yield _calls(turn.tool_calls)
        return attempt.finished.trajectory.answer

    return policy


def _calls(written: str) -> Sequence[ToolCall]:
    return [ToolCall(**call) for call in json.loads(written)]


def settings_of(domain: Domain, home: Path, n: int, **given: Any) -> Settings:
    """Settings of a home for so many tasks of one domain."""
    tasks = {"per_night": n, "share": {domain.name: 1}} | ({"probes": given["probes"]} if "probes" in given else {})
    teacher = TeacherSettings(tokenizer=given.get("tokenizer"))
    return Settings(home=home, tasks=Tasks.model_validate(tasks), teacher=teacher)


def compose(settings: Settings, day: date) -> dict[str, int | str]:
    """Compose the tasks of a night without a teacher."""
    return run_tasks(settings, day, silent, _no_teacher)


@contextmanager
def _no_teacher(*_: object) -> Iterator[Any]:
    raise RuntimeError("a composer of these domains needs no teacher")
    yield


def qwen3(folder: Path) -> str:
    """The path of Qwen3's tokenizer, made in the folder."""
    family_tokenizer("qwen3").save_pretrained(folder / "qwen3")
    return str(folder / "qwen3")
