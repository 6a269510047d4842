"""Turns votes into verdicts by majority, and counts them.

A verdict needs more than half of all votes, so that neither a tie nor a few readable votes among many unreadable ones
can decide. An attempt without it is unreadable: no verdict is written, and later runs try it again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from flows.judge.rubric import OK, Rubric
from flows.judge.verdict_parts import FIRST_UNREADABLE, VerdictParts
from flows.judge.votes import Vote
from schemas import Verdict

VERIFIER = "judge"
WORKER = "judge"


@dataclass(frozen=True)
class Ruling:
    """The votes on one attempt, None for each that abstained, and the problem of the last that did."""

    trajectory_id: str
    votes: Sequence[Vote | None]
    problem: str = ""


def majority(passes: int, fails: int, votes: int) -> bool | None:
    """True or False if more than half of all `votes` agree; None if neither side has so many."""
    if 2 * passes > votes:
        return True
    return False if 2 * fails > votes else None


def verdicts_of(ruling: Ruling, rubric: Rubric, model: str, run_id: str) -> list[Verdict]:
    """The verdict on the attempt, and on each turn with a majority of its own; empty without a majority on the whole.

    The score of the attempt is the mean of its readable votes, that of a turn the share of its votes that call it good.
    """
    read = [vote for vote in ruling.votes if vote]
    passes = sum(vote.passed for vote in read)
    passed = majority(passes, len(read) - passes, len(ruling.votes))
    if passed is None:
        return []

    def row(turn: int | None, passed: bool, score: float, reasons: list[str]) -> Verdict:
        return Verdict(
            trajectory_id=ruling.trajectory_id,
            turn_index=turn,
            verifier=VERIFIER,
            version=rubric.version(model),
            passed=passed,
            score=score,
            reason=OK if passed else _commonest([reason for reason in reasons if reason != OK], rubric),
            judge_model=model,
            judge_prompt_sha256=rubric.sha256,
            run_id=run_id,
        )

    rows = [row(None, passed, sum(vote.score for vote in read) / len(read), [vote.reason for vote in read])]
    for turn in sorted({turn for vote in read for turn in vote.steps}):
        reasons = [vote.steps[turn] for vote in read if turn in vote.steps]
        good = reasons.count(OK)
        agreed = majority(good, len(reasons) - good, len(ruling.votes))
        if agreed is not None:
            rows.append(row(turn, agreed, good / len(reasons), reasons))
    return rows


def _commonest(reasons: list[str], rubric: Rubric) -> str:
    """The reason of most votes; of equally many, the one that the rubric names first."""
    counts = Counter(reasons)
    return min(counts, key=lambda reason: (-counts[reason], rubric.codes.index(reason)))


@dataclass
class Record:
    """The counts of a run, whose verdicts go to `parts`."""

    parts: VerdictParts
    rubric: Rubric
    model: str
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, ruling: Ruling) -> None:
        """Count a ruling and keep its verdicts for the next part. Raises JudgeError if no attempt is readable."""
        rows = verdicts_of(ruling, self.rubric, self.model, self.parts.day.isoformat())
        if not rows:
            self.counts["unreadable"] += 1
            self.parts.skip(
                ruling.trajectory_id,
                f"{self.model} gave no readable verdict on the first {FIRST_UNREADABLE} attempts: "
                f"{ruling.problem}. Use a larger model (judge.teacher), or correct judge.rubric.",
            )
            return
        self.counts.update(["judged", "passed" if rows[0].passed else "failed"])
        self.counts["steps"] += len(rows) - 1
        self.parts.add(rows)

    def flush(self) -> None:
        """Write what is kept."""
        self.parts.flush()
