"""Turns votes into verdicts by majority, and writes them to the lake part by part as they come.

A verdict needs more than half of all votes, so that neither a tie nor a few readable votes among many unreadable ones
can decide. An attempt without it is unreadable: no verdict is written, and later runs try it again.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from flows.judge.rubric import OK, Rubric
from flows.judge.tries import Tries
from flows.judge.votes import Vote
from schemas import Verdict
from warehouse.lake import Lake

VERIFIER = "judge"
WORKER = "judge"
PART_SHARE, LEAST_PART, MOST_PART = 100, 16, 128
"""A part holds one PART_SHARE-th of a run's attempts within these limits: a kill loses at most so many, and those in
flight. Smaller parts would be so many that every query over the lake gets slower."""
FIRST_UNREADABLE = 16
"""Unreadable attempts at the start of a run, with none readable, that end it: the model or the rubric does not fit."""


class JudgeError(Exception):
    """The judge gives no readable votes; the message shows the last problem and names the settings."""


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
    """Verdicts on their way into the lake, and the counts of a run."""

    lake: Lake
    day: date
    rubric: Rubric
    model: str
    tries: Tries
    pending: int
    """Attempts that the run is to judge."""
    counts: Counter[str] = field(default_factory=Counter)
    _rows: list[Verdict] = field(default_factory=list)
    _attempts: int = 0

    @property
    def heard(self) -> int:
        """Attempts counted so far, readable or not."""
        return self.counts["judged"] + self.counts["unreadable"]

    def add(self, ruling: Ruling) -> None:
        """Count a ruling and keep its verdicts for the next part. Raises JudgeError if no attempt is readable."""
        rows = verdicts_of(ruling, self.rubric, self.model, self.day.isoformat())
        if not rows:
            self.counts["unreadable"] += 1
            self.tries.add(ruling.trajectory_id)
            if not self.counts["judged"] and self.counts["unreadable"] >= FIRST_UNREADABLE:
                self.tries.forget()
                raise JudgeError(
                    f"{self.model} gave no readable verdict on the first {FIRST_UNREADABLE} attempts: "
                    f"{ruling.problem}. Use a larger model (judge.teacher), or correct judge.rubric."
                )
            return
        self.counts.update(["judged", "passed" if rows[0].passed else "failed"])
        self.counts["steps"] += len(rows) - 1
        self._rows += rows
        self._attempts += 1
        if self._attempts >= min(MOST_PART, max(LEAST_PART, self.pending // PART_SHARE)):
            self.flush()

    def flush(self) -> None:
        """Write what is kept as a part, and the tries of unreadable attempts."""
        if self._rows:
            self.lake.write(Verdict, self._rows, self.lake.next_part(self.day, WORKER, Verdict))
        self._rows, self._attempts = [], 0
        self.tries.save()
