"""The view `verl`: Parquet with token ids and loss masks, and the dataset class that loads them (verl_dataset.py)."""

import json
from pathlib import Path

from flows.publish.errors import PublishError
from flows.publish.views.openai import openai
from flows.publish.views.view import MESSAGE_COLUMNS, STUDENT_COLUMNS, TOKEN_COLUMNS, ReleaseView, Row, as_seen

DATASET = "verl_dataset.py"


def verl(row: Row) -> Row:
    """The ids and the loss mask to train on: the student's, or the teacher's if the release has no student.

    Also holds messages and tools as structs for verl's own MultiTurnSFTDataset. A Parquet file has one schema for
    all tools, so that a property of one tool is null in the others. Raises PublishError on a row without tokens.
    """
    ids, mask = TOKEN_COLUMNS if row["student_token_ids"] is None else STUDENT_COLUMNS
    if not row[ids]:
        raise PublishError(
            f"the view verl needs token ids, and {row['trajectory_id']} has none (ids = none: from an API that returns "
            "text, or imported): publish with `factory publish --student`, then export again, or export a text view: "
            "trl, ms-swift, llama-factory, prime-rl"
        )
    return openai(row) | {"tools": json.loads(row["tools"]), "input_ids": row[ids], "loss_mask": row[mask]}


def _with_tokens(row: Row) -> Row | None:
    """The row as the student sees it; None if the student's template cannot write it."""
    return None if row.get("student_fault") else as_seen(row)


def _dataset_class(splits: list[str]) -> dict[str, str]:
    return {DATASET: Path(__file__).with_name(DATASET).read_text("utf-8")}


VERL = ReleaseView(
    verl,
    MESSAGE_COLUMNS + STUDENT_COLUMNS + TOKEN_COLUMNS,
    "parquet",
    extra_files=_dataset_class,
    select=_with_tokens,
    left_out="the student's template cannot write them (column student_fault of the release)",
)
