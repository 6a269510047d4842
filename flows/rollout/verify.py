"""Verifiers: pure functions from a finished trajectory to verdicts, each with a version.

They read the rows as they will stand in the lake and nothing else, so that the same rows always get the
same verdicts. A verdict is a fact; what it is worth is decided in refine.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flows.rollout.episode import calls_of
from flows.rollout.toolbox import fault_of
from schemas.task import Task
from schemas.trajectory import Trajectory, Turn
from schemas.verdict import Verdict

VERSION = "1"
ARTICLES = re.compile(r"\b(?:a|an|the)\b")
SHOWN = {"ok", "truncated"}
"""Kinds of observation in which the model saw what the tool had."""


@dataclass(frozen=True)
class Judgement:
    """What a verifier says; `reason` is ok when it passed."""

    reason: str
    score: float | None = None

    @property
    def passed(self) -> bool:
        return self.reason == "ok"


Verifier = Callable[[Task, Trajectory, Sequence[Turn]], Judgement]


def normalised(text: str) -> str:
    """The text as answers are compared: NFKC, no case, punctuation, articles or runs of space."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    spaced = "".join(c if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in folded)
    return " ".join(ARTICLES.sub(" ", spaced).split())


def exact_match(task: Task, trajectory: Trajectory, turns: Sequence[Turn]) -> Judgement:
    """Is the answer the ground truth, both normalised?"""
    return _compared(task, trajectory, lambda truth, answer: truth == answer)


def contains_answer(task: Task, trajectory: Trajectory, turns: Sequence[Turn]) -> Judgement:
    """Does the answer hold the ground truth as whole words, both normalised?"""
    return _compared(task, trajectory, lambda truth, answer: f" {truth} " in f" {answer} ")


def evidence_consulted(task: Task, trajectory: Trajectory, turns: Sequence[Turn]) -> Judgement:
    """Was every page of evidence opened, or a passage of it shown? The score is the share that was."""
    wanted = {hop.url for hop in task.path if hop.doc_id in task.evidence}
    if not wanted:
        return Judgement("no_evidence")
    seen = {turn.url for turn in turns if turn.role == "tool" and turn.kind in SHOWN}
    share = len(wanted & seen) / len(wanted)
    return Judgement("ok" if share == 1 else "not_consulted", share)


VERIFIERS: dict[str, Verifier] = {
    "exact_match": exact_match,
    "contains_answer": contains_answer,
    "evidence_consulted": evidence_consulted,
}
"""Verifiers of whole trajectories, by the name that a task asks for them with."""


def judge(task: Task, trajectory: Trajectory, turns: Sequence[Turn]) -> list[Verdict]:
    """All verdicts on a finished trajectory; raises KeyError when the task names no known verifier."""
    whole = [(None, name, VERIFIERS[name](task, trajectory, turns)) for name in task.verifiers]
    single = [(turn.index, "tool_calls", found) for turn, found in _calls_judged(task, turns)]
    return [
        Verdict(
            trajectory_id=trajectory.trajectory_id,
            turn_index=index,
            verifier=name,
            version=VERSION,
            passed=found.passed,
            score=found.score,
            reason=found.reason,
            judge_model=None,
            judge_prompt_sha256=None,
            run_id=trajectory.run_id,
        )
        for index, name, found in [*whole, *single]
    ]


def _compared(task: Task, trajectory: Trajectory, fits: Callable[[str, str], bool]) -> Judgement:
    truth = normalised(task.answer or "")
    if not truth:
        return Judgement("no_truth")
    if trajectory.answer is None:
        return Judgement("no_answer", 0.0)
    fit = fits(truth, normalised(trajectory.answer))
    return Judgement("ok" if fit else "other_answer", float(fit))


def _calls_judged(task: Task, turns: Sequence[Turn]) -> list[tuple[Turn, Judgement]]:
    """Each agent's turn that called tools or tried to: parsed, fitting their schemas, and what came of it."""
    found = []
    for at, turn in enumerate(turns):
        if turn.role == "assistant" and turn.parse != "ok":
            found.append((turn, Judgement(f"parse:{turn.parse}", 0.0)))
        elif turn.tool_calls:
            found.append((turn, _called(task, turn, _answers(turns, at))))
    return found


def _answers(turns: Sequence[Turn], at: int) -> list[str]:
    later = (turn.role for turn in turns[at + 1 :])
    n = next((i for i, role in enumerate(later) if role != "tool"), len(turns) - at - 1)
    return [turn.kind for turn in turns[at + 1 : at + 1 + n] if turn.kind]


def _called(task: Task, turn: Turn, kinds: list[str]) -> Judgement:
    calls = calls_of(turn)
    if any(fault_of(call, task.tools) for call in calls):
        return Judgement("schema", 0.0)
    if len(kinds) < len(calls):
        return Judgement("not_run", 0.0)
    bad = [kind for kind in kinds if kind not in SHOWN]
    return Judgement(bad[0] if bad else "ok", 1 - len(bad) / len(kinds))
