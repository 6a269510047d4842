"""Reads replies as answers, and counts them. A reply that is not exactly an answer is none."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, ValidationError

from flows.judge.scan.question import Question
from flows.judge.verdict_parts import FIRST_UNREADABLE, VerdictParts
from flows.judge.votes import last_object
from schemas import Verdict

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
    """The counts of a scan, whose answers go to `parts`."""

    parts: VerdictParts
    question: Question
    model: str
    counts: Counter[str] = field(default_factory=Counter)
    """Answers by word."""

    def add(self, heard: Heard) -> None:
        """Count an answer and keep it for the next part. Raises JudgeError if none of the first attempts has one."""
        if heard.answer is None:
            self.parts.skip(
                heard.trajectory_id,
                f"{self.model} gave no readable answer on the first {FIRST_UNREADABLE} attempts: {heard.problem}. "
                "Use a larger model (judge.teacher), or a plainer question.",
            )
            return
        self.counts[heard.answer.answer] += 1
        self.parts.add([self._row(heard.trajectory_id, heard.answer)])

    def flush(self) -> None:
        """Write what is kept."""
        self.parts.flush()

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
            run_id=self.parts.day.isoformat(),
            detail=answer.detail[:DETAIL_CHARS] or None,
        )
