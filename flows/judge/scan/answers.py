"""Reads replies as answers, and writes them to the lake part by part. A reply that is not exactly an answer is none."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from pydantic import BaseModel, ConfigDict, ValidationError

from flows.judge.rulings import FIRST_UNREADABLE, LEAST_PART, MOST_PART, PART_SHARE, JudgeError
from flows.judge.scan.question import Question
from flows.judge.tries import Tries
from flows.judge.votes import last_object
from schemas import Verdict
from warehouse.lake import Lake

WORKER = "scan"
DETAIL_CHARS = 500
"""Characters of a detail that are kept."""


class Answer(BaseModel):
    """One answer: a word that the question allows, the turn that it rests on, and a sentence."""

    model_config = ConfigDict(strict=True)

    answer: str
    turn: int | None = None
    detail: str = ""


@dataclass(frozen=True)
class Heard:
    """The answer on one attempt; None and the problem if there is none to read."""

    trajectory_id: str
    answer: Answer | None
    problem: str = ""


def read_answer(reply: str, codes: Collection[str], turns: Collection[int]) -> Answer | None:
    """The answer at the end of a reply; None if it is none of the words, or names a turn that was not shown."""
    try:
        read = Answer.model_validate(last_object(reply))
    except (ValidationError, ValueError, RecursionError):
        return None
    return read if read.answer in codes and (read.turn is None or read.turn in turns) else None


@dataclass
class Answers:
    """Answers on their way into the lake, and the counts of a scan."""

    lake: Lake
    day: date
    question: Question
    model: str
    tries: Tries
    pending: int
    """Attempts that the scan is to read."""
    counts: Counter[str] = field(default_factory=Counter)
    """Answers by word."""
    unreadable: int = 0
    _rows: list[Verdict] = field(default_factory=list)

    @property
    def heard(self) -> int:
        """Attempts counted so far, readable or not."""
        return self.counts.total() + self.unreadable

    def add(self, heard: Heard) -> None:
        """Count an answer and keep it for the next part. Raises JudgeError if none of the first attempts has one."""
        if heard.answer is None:
            self.unreadable += 1
            self.tries.add(heard.trajectory_id)
            if not self.counts and self.unreadable >= FIRST_UNREADABLE:
                self.tries.forget()
                raise JudgeError(
                    f"{self.model} gave no readable answer on the first {FIRST_UNREADABLE} attempts: {heard.problem}. "
                    "Use a larger model (judge.teacher), or a plainer question."
                )
            return
        self.counts[heard.answer.answer] += 1
        self._rows.append(self._row(heard.trajectory_id, heard.answer))
        if len(self._rows) >= min(MOST_PART, max(LEAST_PART, self.pending // PART_SHARE)):
            self.flush()

    def flush(self) -> None:
        """Write what is kept as a part, and the tries of unreadable attempts."""
        if self._rows:
            self.lake.write(Verdict, self._rows, self.lake.next_part(self.day, WORKER, Verdict))
        self._rows = []
        self.tries.save()

    def _row(self, trajectory_id: str, answer: Answer) -> Verdict:
        return Verdict(
            trajectory_id=trajectory_id,
            turn_index=answer.turn,
            verifier=self.question.verifier,
            version=self.question.version(self.model),
            passed=True,
            score=None,
            reason=answer.answer,
            judge_model=self.model,
            judge_prompt_sha256=self.question.sha256,
            run_id=self.day.isoformat(),
            detail=answer.detail[:DETAIL_CHARS] or None,
        )
