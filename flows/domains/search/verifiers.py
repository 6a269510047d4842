"""Verifiers: pure functions from a finished trajectory to verdicts, each with a version.

They read the rows as they will stand in the lake and nothing else, so that the same rows always get the
same verdicts. A verdict is a fact; what it is worth is decided in refine.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flows.domains.search.tools import fault_of
from flows.rollout.loop.episode import calls_of
from schemas.task import Task
from schemas.trajectory import Trajectory, Turn
from schemas.verdict import Verdict

VERSION = "2"
ARTICLES = re.compile(r"\b(?:a|an|the)\b")
GLUE = re.compile(r"(?<=\w)[(\[{=._:/\\]+(?=\w)")
"""What makes one name or piece of code of two words."""
FRAMING = frozenset(
    re.findall(
        r"\w+",
        "answer final is was are were be it its he she they i we think believe would say that this here so thus "
        "because as by of in on at to for from with and or according which called named word blank question",
    )
)
"""Words that only frame an answer."""
SPARE = 2
"""New words that an answer may hold for each word of the truth; a short common word is easily met in more."""
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


def _glued(text: str) -> str:
    """The text with names and code as one word each: `open(file)` holds no word `file`."""
    return GLUE.sub("\u01c0", text)


def exact_match(task: Task, trajectory: Trajectory, turns: Sequence[Turn]) -> Judgement:
    """Is the answer the ground truth, both normalised?"""
    return _compared(task, trajectory, lambda truth, answer: normalised(truth) == normalised(answer))


def contains_answer(task: Task, trajectory: Trajectory, turns: Sequence[Turn]) -> Judgement:
    """Does the answer hold the ground truth as its answer, and not by chance among other words?

    They are equal, both normalised; or the truth stands in the answer as whole words (a part of a name or
    of code, as `file` in `open(file)`, is none), and of the other words at most SPARE for each word of the
    truth are new: not the task's own (a blank filled in with its whole sentence) and not FRAMING.
    """
    told = set(normalised(task.instruction).split()) | FRAMING

    def stands(truth: str, answer: str) -> bool:
        if normalised(truth) == normalised(answer):
            return True
        whole, said = normalised(_glued(truth)), normalised(_glued(answer))
        if f" {whole} " not in f" {said} ":
            return False
        new = [word for word in normalised(answer).split() if word not in told and word not in truth_words]
        return len(new) <= SPARE * len(truth_words)

    truth_words = normalised(task.answer or "").split()
    return _compared(task, trajectory, stands)


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
    truth = task.answer or ""
    if not normalised(truth):
        return Judgement("no_truth")
    if trajectory.answer is None:
        return Judgement("no_answer", 0.0)
    fit = fits(truth, trajectory.answer)
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
