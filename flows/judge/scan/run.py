"""Puts one question to a model about each selected attempt that has no answer yet, within a budget.

Answers are written in small parts as they come, so a scan that is stopped goes on where it was.
"""

from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from flows.judge.attempts import Attempt, find_unscanned, pending_attempts
from flows.judge.concurrent import concurrently
from flows.judge.halving import replies
from flows.judge.model import JudgeModel, OpenJudge
from flows.judge.scan.answers import WORKER, Answers, Heard, read_answer
from flows.judge.scan.question import MATERIAL, Question, load_question
from flows.judge.transcript import material
from flows.judge.tries import Tries
from flows.judge.verdict_parts import VerdictParts
from flows.settings import Settings
from warehouse.connect import connect, query
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake
from warehouse.query import selected_ids


@dataclass(frozen=True)
class Scan:
    """A question about the attempts of a condition in SQL, and the limits of one run: attempts, tokens (None: none)."""

    question: Path
    where: str = "true"
    show_truth: bool = False
    limit: int | None = None
    max_tokens: int | None = None


@dataclass(frozen=True)
class Scanned:
    """The counts of a run: answers by word, attempts without a readable one, attempts that are left, tokens spent."""

    answers: dict[str, int]
    unreadable: int
    left: int
    tokens: int


def run_scan(settings: Settings, day: date, scan: Scan, report: ProgressCallback, open_model: OpenJudge) -> Scanned:
    """Run a scan. Raises QuestionError, QueryError for an invalid condition, JudgeError if the model
    writes nothing readable, and the error of a model that fails."""
    question, lake = load_question(scan.question, show_truth=scan.show_truth), Lake(settings.lake)
    scannable = query("judge", "scannable")
    selected = selected_ids(lake, f"select trajectory_id from ({scannable}\n) where ({scan.where}\n)")
    spill, memory = settings.state / "spill", settings.refine.memory_limit
    with (
        open_model(settings.judge_teacher, settings.logs) as model,
        connect(lake, spill=spill, memory_limit=memory) as con,
    ):
        version = question.version(model.model)
        tries = Tries(settings.state, f"scan-{version}")
        named: dict[str, object] = {
            "verifier": question.verifier, "version": version, "model": model.model, "prompt_sha256": question.sha256,
            "selected": selected, "given_up": tries.given_up, "limit": scan.limit,
        }  # fmt: skip
        count = find_unscanned(con, lake, named)
        answers = Answers(VerdictParts(lake, day, WORKER, tries, count), question, model.model)
        asking = partial(ask, model, question, settings.judge.max_chars)
        with concurrently(asking, settings.judge.concurrency, answers) as submit:
            for attempt in pending_attempts(con, lake, count):
                if scan.max_tokens is not None and model.tokens >= scan.max_tokens:
                    break
                submit(attempt)
                report(answers.parts.heard, count, _told(answers))
        report(answers.parts.heard, count, _told(answers))
        return Scanned(dict(answers.counts), answers.parts.unreadable, count - answers.parts.heard, model.tokens)


def ask(model: JudgeModel, question: Question, max_chars: int, attempt: Attempt) -> Heard:
    """The answer on one attempt."""
    write = partial(material, attempt, show_truth=question.show_truth, form=MATERIAL)
    [drawn], turns = replies(model, question.system, write, max_chars, 1)
    answer = read_answer(drawn.text or "", question.codes, turns)
    problem = drawn.problem or "a reply does not end with the JSON object that the question asks for"
    return Heard(attempt.trajectory_id, answer, "" if answer else problem)


def _told(answers: Answers) -> str:
    return ", ".join(f"{count} {word}" for word, count in answers.counts.most_common(3)) or "no answer yet"
