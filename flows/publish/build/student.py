"""Adds the student's token ids and loss mask to released rows: a row per stretch of a segment that it sees alike.

A context segment is what the teacher saw between two compactions. A student whose chat template rewrites earlier turns
sees it in several stretches, each a row (`student_segment` of `student_segments`), trained in that row alone.
The teacher's ids belong to another vocabulary. The student's are made once, here, where the mask can be checked
against the messages. A row that the student's template cannot write stays in the release, without student tokens
and with the reason in `student_fault`.
"""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.publish.build.student_segments import Segment, student_segments
from flows.publish.build.student_template import Message, StudentTemplate, Unrendered
from flows.publish.errors import StudentError

THREADS = 2
TEACHER = ("token_ids", "loss_mask", "logprobs", "message_tokens", "segment_starts")
"""List columns of the teacher's ids, which the last row of a context segment holds alone."""
Planned = list[Segment] | Unrendered


@dataclass
class Filled:
    """Counts of rows whose student columns were filled."""

    planned: int = 0
    failed: int = 0
    """Rows that the template cannot write."""
    unrendered: Counter[str] = field(default_factory=Counter)
    """Reason -> number of trajectories that the template cannot write, in at least one segment."""
    fault: str = ""
    """The newest row with a wrong mask, which tells another model family."""

    def add(self, more: "Filled") -> None:
        """Add the counts of later rows, of other trajectories."""
        self.planned += more.planned
        self.failed += more.failed
        self.unrendered.update(more.unrendered)
        self.fault = more.fault or self.fault


class StudentColumns:
    """Fills the student columns of released rows with the tokenizer and the renderer of one student."""

    def __init__(self, folder: Path, renderer: str) -> None:
        """Load the tokenizer in `folder`; `renderer` is a name, or auto. Raises StudentError."""
        self._template = StudentTemplate(folder, renderer)
        self.identity = self._template.identity
        self.filled = Filled()

    def fill(self, rows: pa.Table) -> pa.Table:
        """The rows of context segments with their student columns, several rows each where the student needs them.

        A trajectory's rows are adjacent, in order.
        """
        conversations = rows.select(["trajectory_id", "messages", "tools"]).to_pylist()
        with ThreadPoolExecutor(THREADS) as threads:
            planned = list(threads.map(self._planned, conversations))
        self._count(planned, conversations)
        marks = [mark for plan in planned for mark in _marks(plan)]
        if len(marks) > len(planned):
            rows = _segmented(rows, planned, conversations)
        for name in marks[0] if marks else ():
            rows = _with_column(rows, name, pa.array([mark[name] for mark in marks], rows.schema.field(name).type))
        return rows

    def check(self) -> None:
        """Raise StudentError if the renderer wrote no row right: it belongs to another model family."""
        if self.filled.fault and self.filled.failed == self.filled.planned:
            raise StudentError(f"{self.filled.fault}: set publish.student_renderer to the student's own family")

    def _planned(self, row: Message) -> Planned:
        try:
            return student_segments(row, self._template)
        except Unrendered as error:
            return error

    def _count(self, planned: list[Planned], conversations: list[Message]) -> None:
        failed = [
            (row["trajectory_id"], plan)
            for plan, row in zip(planned, conversations, strict=True)
            if isinstance(plan, Unrendered)
        ]
        reasons = Counter(reason for _, reason in {(id, plan.reason) for id, plan in failed})
        faults = [f"{id}: {plan}" for id, plan in failed if plan.reason == "wrong_mask"]
        self.filled.add(Filled(len(planned), len(failed), reasons, faults[-1] if faults else ""))


def mark_over_window(rows: pa.Table, window: int) -> pa.Table:
    """The rows with `over_window` true if they have more than `window` tokens, the student's if there is a student."""
    lengths = pc.coalesce(rows["n_student_tokens"], rows["n_tokens"])
    return _with_column(rows, "over_window", pc.greater(lengths, window))


def _marks(plan: Planned) -> list[dict[str, Any]]:
    """The student columns of each row of a context segment."""
    if isinstance(plan, Unrendered):
        return [_mark(0, 1, Segment(0, (), (), [], []), plan.reason)]
    return [_mark(number, len(plan), segment, None) for number, segment in enumerate(plan)]


def _mark(number: int, count: int, segment: Segment, fault: str | None) -> dict[str, Any]:
    return {
        "student_token_ids": segment.ids,
        "student_loss_mask": segment.mask,
        "n_student_tokens": len(segment.ids),
        "student_segment": number,
        "student_segments": count,
        "student_trained": list(segment.trained),
        "student_dropped": list(segment.dropped),
        "student_fault": fault,
    }


def _segmented(rows: pa.Table, planned: list[Planned], conversations: list[Message]) -> pa.Table:
    """The rows repeated for each stretch, with its messages; the last one of a row keeps the teacher's ids."""
    counts = [1 if isinstance(plan, Unrendered) else len(plan) for plan in planned]
    is_last = pa.array(np.diff(np.repeat(np.arange(len(counts)), counts), append=len(counts)) > 0)
    rows = rows.take(pa.array(np.repeat(np.arange(len(counts)), counts)))
    messages = [
        one for plan, row in zip(planned, conversations, strict=True) for one in _messages(plan, row["messages"])
    ]
    rows = _with_column(rows, "messages", pa.array(messages, rows.schema.field("messages").type))
    for name in TEACHER:
        column = rows[name].combine_chunks()
        rows = _with_column(rows, name, pc.if_else(is_last, column, pa.scalar([], column.type)))
    return _with_column(rows, "n_tokens", pc.if_else(is_last, rows["n_tokens"], 0))


def _messages(plan: Planned, messages: list[Message]) -> list[list[Message]]:
    """The messages of each segment, trainable where the segment trains them; the last one has all messages."""
    if isinstance(plan, Unrendered) or len(plan) == 1:
        return [messages]
    ends = [*(segment.end for segment in plan[:-1]), len(messages)]
    return [
        [message | {"trainable": number in segment.trained} for number, message in enumerate(messages[:end])]
        for segment, end in zip(plan, ends, strict=True)
    ]


def _with_column(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    at = rows.schema.get_field_index(name)
    return rows.set_column(at, rows.schema.field(name), values)
