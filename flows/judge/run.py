"""Judges every finished attempt of the lake that this judge has not judged: k votes each, a verdict by majority.

A judge is a model with a rubric. Verdicts are written in small parts as they come, so a run that is killed goes on
where it was, and a second run has nothing to do.
"""

from collections import Counter
from datetime import date
from functools import partial

from flows.judge.attempts import Attempt, find_pending, pending_attempts
from flows.judge.concurrent import concurrently
from flows.judge.halving import replies
from flows.judge.model import JudgeModel, OpenJudge
from flows.judge.rubric import Rubric, load_rubric
from flows.judge.rulings import VERIFIER, WORKER, Record, Ruling
from flows.judge.transcript import material
from flows.judge.tries import Tries
from flows.judge.verdict_parts import VerdictParts
from flows.judge.votes import Vote, read_vote
from flows.settings import Judge, Settings
from warehouse.connect import connect
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake

COUNTS = ("judged", "passed", "failed", "steps", "unreadable", "skipped")


def run_judge(settings: Settings, day: date, report: ProgressCallback, open_judge: OpenJudge) -> dict[str, int | str]:
    """Judge what has no verdict of this judge yet.

    Returns counts of attempts `judged`, and of these `passed` and `failed`; of `steps` with a verdict; of attempts
    `unreadable` (without a majority of readable votes) and `skipped` (unreadable too often). Raises SettingsError on
    an invalid rubric, JudgeError if the model writes nothing readable, and the error of a model that fails.
    """
    rubric, lake = load_rubric(settings.judge), Lake(settings.lake)
    spill, limit = settings.state / "spill", settings.refine.memory_limit
    with (
        open_judge(settings.judge_teacher, settings.logs) as judge,
        connect(lake, spill=spill, memory_limit=limit) as con,
    ):
        version = rubric.version(judge.model)
        tries = Tries(settings.state, version)
        named = {
            "verifier": VERIFIER, "version": version, "model": judge.model, "prompt_sha256": rubric.sha256
        }  # fmt: skip
        count = find_pending(con, lake, named, tries.given_up)
        record = Record(
            VerdictParts(lake, day, WORKER, tries, count), rubric, judge.model, Counter(skipped=len(tries.given_up))
        )
        hearing = partial(hear, judge, rubric, settings.judge)
        with concurrently(hearing, settings.judge.concurrency, record) as submit:
            for attempt in pending_attempts(con, lake, count):
                submit(attempt)
                report(record.parts.heard, count, f"{record.counts['passed']} passed")
        report(count, count, f"{record.counts['passed']} passed, {record.counts['unreadable']} unreadable")
    return {name: record.counts[name] for name in COUNTS}


def hear(judge: JudgeModel, rubric: Rubric, settings: Judge, attempt: Attempt) -> Ruling:
    """All votes on one attempt, on the same text of it."""
    write = partial(material, attempt, show_truth=settings.show_truth)
    drawn, turns = replies(judge, rubric.system, write, settings.max_chars, settings.votes)
    votes, problem = list[Vote | None](), ""
    for reply in drawn:
        vote = read_vote(reply.text or "", rubric.codes, turns if settings.steps else None)
        votes.append(vote)
        problem = problem if vote else reply.problem or "a reply does not end with the JSON object that was asked for"
    return Ruling(attempt.trajectory_id, votes, problem)
