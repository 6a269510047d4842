"""Reads the labelled rows, and names the defects of each family.

The labels stay apart from the row, since an import would keep them as metadata.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
HALVES = ("tuning", "held_out")
DEFECTS = {
    "secrets": ("secret_leaked",),
    "refusal": ("refusal",),
    "error_text": ("error_as_answer", "all_calls_failed"),
    "invention": ("invented_observation", "invented_source", "claim_never_run", "tests_deleted"),
    "language": ("wrong_language", "script_slip"),
    "ending": ("cut_in_mid_sentence", "call_as_last_words", "empty_answer"),
    "loop": ("repeated_calls",),
    "repetition": ("repeated_text",),
    "leakage": ("leaked_machinery",),
}
"""Family -> its defects. A family has one file in each half."""


@dataclass(frozen=True)
class LabelledRow:
    """A row of OpenAI messages and its labels."""

    half: str
    family: str
    id: str
    defect: str | None
    """None for a good row."""
    resembles: str | None
    language: str
    why: str
    row: dict[str, Any]


def labelled_rows(half: str) -> list[LabelledRow]:
    """All rows of a half, in the order of families and lines; raises TypeError if a row lacks a label."""
    return [_row(half, family, line) for family in DEFECTS for line in _lines(HERE / half / f"{family}.jsonl")]


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").split("\n")[:-1]


def _row(half: str, family: str, line: str) -> LabelledRow:
    columns = json.loads(line)
    row = {name: columns.pop(name) for name in ("messages", "tools") if name in columns}
    return LabelledRow(half, family, row=row, **columns)
