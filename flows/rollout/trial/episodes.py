"""Runs the three episodes of a trial through the pool, the agent loop, the dialect and the tools of a real run.

Their journal lies in a folder of its own, which is deleted afterwards: the lake and the state of the home stay as they
are.
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flows.environments.resources import Resources
from flows.rollout.briefs import build_brief
from flows.rollout.chat_protocol import ChatTeacher
from flows.rollout.journal.journal import Journal
from flows.rollout.journal.judged import decode_judged
from flows.rollout.loop.episode import calls_of
from flows.rollout.loop.trajectory_row import Plan
from flows.rollout.pool.performer import RolloutContext
from flows.rollout.pool.pool import Pool
from flows.rollout.protocol import Dialect
from flows.rollout.tools.toolbox import open_toolbox
from flows.rollout.trial.exactness import Exactness, compare
from flows.rollout.trial.recorder import Exchange, Recorder
from flows.rollout.trial.world import VERIFIER, build_library, tasks
from flows.settings import Settings
from schemas.trajectory import Trajectory, Turn
from schemas.verdict import Verdict


@dataclass(frozen=True)
class Episode:
    """One finished episode; `error` is the message of the failure that ended it."""

    name: str
    status: str
    error: str | None
    turns: int
    calls: int
    most_calls: int
    """Largest number of calls in one turn."""
    parses: dict[str, int]
    """Assistant turns by the result of parsing them."""
    endings: dict[str, int]
    """Assistant turns by finish reason."""
    tokens: int
    sampled: int
    longest_turn: int
    """Sampled tokens of the longest assistant turn."""
    longest_observation: int
    """Tokens of the longest observation."""
    right: bool
    """True if the answer states the expected one."""
    exactness: Exactness
    sampling: dict[str, object]
    """The sampling of its row."""


async def run_episodes(recorder: Recorder, dialect: Dialect, settings: Settings, folder: Path) -> list[Episode]:
    """Run the questions of the world concurrently, each once.

    An episode that the teacher or a tool fails ends `aborted`, with the error. Raises JournalError. An API that takes
    messages has no token ids to record.
    """
    resources = Resources(build_library(folder), dialect=dialect.name)
    with (
        Journal(folder / "journal.sqlite") as journal,
        open_toolbox(resources, settings.rollout, folder / "worlds") as toolbox,
    ):
        taught = recorder.teacher if isinstance(recorder.teacher, ChatTeacher) else recorder
        context = RolloutContext(taught, dialect, toolbox, journal)
        plans = _plans(settings, context)
        await Pool(context, len(plans), 1, settings.rollout.kv_cache_share).run(plans.values())
        errors = {row[0]: row[4] for row in journal.read("recover_attempts")}
        finished = {row[0]: row for row in journal.read("recover_finished")}
        episodes = []
        for name, plan in plans.items():
            trajectory_id = plan.brief.trajectory_id
            _, _, row, verdicts, _ = finished[trajectory_id]
            made = Trajectory.model_validate_json(row), decode_judged(verdicts).verdicts
            exchanges = [one for one in recorder.exchanges if one.session == trajectory_id]
            turns = [entry.turn for entry in journal.entries(trajectory_id)]
            episodes.append(_episode(name, made, turns, exchanges, errors[trajectory_id]))
        return episodes


def _plans(settings: Settings, context: RolloutContext) -> dict[str, Plan]:
    day = datetime.now(UTC).date()
    chosen = tasks(settings, context.dialect.name)
    return {name: Plan(task, 0, build_brief(task, 0, settings, day, context)) for name, task in chosen.items()}


def _episode(
    name: str,
    made: tuple[Trajectory, list[Verdict]],
    turns: Sequence[Turn],
    exchanges: Sequence[Exchange],
    error: str | None,
) -> Episode:
    row, verdicts = made
    written = [turn for turn in turns if turn.role == "assistant"]
    return Episode(
        name=name,
        status=row.status,
        error=error,
        turns=row.n_turns,
        calls=row.n_tool_calls,
        most_calls=max((len(calls_of(turn)) for turn in written), default=0),
        parses=dict(Counter(str(turn.parse) for turn in written)),
        endings=dict(Counter(str(turn.finish_reason) for turn in written)),
        tokens=row.n_tokens,
        sampled=row.n_sampled_tokens,
        longest_turn=max((len(turn.logprobs) for turn in written), default=0),
        longest_observation=max((turn.n_tokens for turn in turns if turn.role == "tool"), default=0),
        right=any(verdict.passed for verdict in verdicts if verdict.verifier == VERIFIER),
        exactness=compare(turns, exchanges),
        sampling=json.loads(row.sampling),
    )
