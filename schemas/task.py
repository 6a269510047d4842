"""A task is one problem for the agent, with a ground truth that is fixed before the instruction is written.

A task holds everything that a rollout needs (instruction, tools, budget, number of samples) and everything that a
verifier needs (answer, evidence), so that neither reads its sources again.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, Field

from schemas.columns import Composer, Domain, Evidence, GroundTruth, Instruction, OfTask
from schemas.record import Count, Name, Names, Record, Text, Time, content_id

TYPOGRAPHY = str.maketrans(dict.fromkeys("‘’‚‛′`´", "'") | dict.fromkeys("“”„‟″«»", '"') | dict.fromkeys("‐‒–—―−", "-"))
INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")
ENDING = " .,;:!?。、؟؛،।॥۔።՞;\u00a1\u00bf"
"""Characters that are ignored at the end of a text, after normalisation (a full-width mark is then a plain one)."""


class Hop(BaseModel):
    """One page of the path over hyperlinks that a task was made from."""

    doc_id: Name = Field(description="doc_id of the page")
    url: Name = Field(description="address of the page")
    anchor: Name | None = Field(description="text of the link to the next page; null on the last")


class Task(Record):
    """One problem for the agent (grain: one row per task)."""

    record: ClassVar[str] = "task"

    task_id: Name = Field(description="content id of domain, folded instruction and answer, evidence and composer")
    domain: Domain
    instruction: Instruction
    answer: GroundTruth
    evidence: Evidence
    path: list[Hop] = Field(description="pages of the path over hyperlinks that the task was made from, in order")
    tools: Names = Field(description="names of the tools that the agent may call")
    verifiers: Names = Field(description="names of the verifiers that judge an attempt")
    setup: Text = Field(description="JSON object: initial state, files and seeds of the environment")
    max_turns: Count = Field(description="budget of an attempt: assistant turns")
    max_tokens: Count = Field(description="budget of an attempt: tokens of the whole context")
    max_seconds: Count = Field(description="budget of an attempt: wall-clock seconds of teacher and tools; 0: no limit")
    samples: Count = Field(description="number of attempts planned for the task")
    hops: Count = Field(description="difficulty: number of hyperlinks on the path")
    difficulty: Text = Field(description="JSON object: further difficulty signals, such as probe results")
    composer: Name = Field(description="name of the composer: cloze, written; import for imported tasks")
    composer_version: Name = Field(description="version of the composer's code")
    prompt_sha256: Name | None = Field(
        description="SHA-256 of the composing prompt, as hex; null if no model wrote the instruction"
    )
    created_at: Time = Field(description="UTC time at which the task was made")
    run_id: Name = Field(description="night that made it, as in 2026-11-28 or 2026-11-28T1400")
    answer_form: Name | None = Field(
        default=None,
        description="form of the truth: text, number, set, table, state or files; null: text, of an earlier version",
    )
    licenses: Names | None = Field(
        default=None,
        description="licenses of the sources that the task shows, such as MIT or CC-BY-4.0; null if none is recorded",
    )


class Hidden(Record):
    """The part of a task that no tool can reach (grain: one row per task that has a goal state or an oracle).

    Composers write it beside the task; verifiers and rehearsals read it. Worlds are built from the task's setup alone.
    """

    record: ClassVar[str] = "hidden"

    task_id: OfTask
    goal: Text | None = Field(description="JSON: the truth with which verifiers compare the final state; null if none")
    oracle: Text | None = Field(description="JSON: what the oracle knows of a solution; null if none")
    run_id: Name = Field(description="night that made it, as in 2026-11-28 or 2026-11-28T1400")


class Refusal(Record):
    """Refused candidates (grain: one row per completed run of the tasks step, composer and reason)."""

    record: ClassVar[str] = "refusal"

    domain: Domain
    composer: Composer
    reason: Name = Field(description="reason code: the composer's own, same_task, or probe_ and the probe that failed")
    n: Count = Field(description="number of candidates")
    run_id: Name = Field(description="night that refused them, as in 2026-11-28 or 2026-11-28T1400")


def task_id(  # noqa: PLR0913, PLR0917 (all that an identity covers)
    domain: str, instruction: str, answer: str | None, evidence: list[str], composer: str, beyond: Sequence[str] = ()
) -> str:
    """The id of a task, 32 hex digits, equal for all spellings of its instruction and answer (`folded`).

    `beyond` is what fixes the problem where the instruction alone does not, such as the set's own task id.
    """
    truth = None if answer is None else folded(answer)
    return content_id("task", domain, folded(instruction), truth, evidence, composer, *beyond)


def folded(text: str) -> str:
    """The text as identity sees it: NFKC, case-folded, one space between words, no final punctuation.

    Everything else counts: `C++` and `C`, or `1 2` and `12`, stay different. Text of punctuation alone keeps it, since
    an empty string would equal every other such text.
    """
    compatible = unicodedata.normalize("NFKC", text.translate(TYPOGRAPHY))
    caseless = unicodedata.normalize("NFKC", INVISIBLE.sub("", compatible).casefold()).translate(TYPOGRAPHY)
    spaced = " ".join(caseless.split())
    return spaced.rstrip(ENDING) or spaced
