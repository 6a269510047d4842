"""The views `trl-preference` (pairs for TRL's DPOTrainer) and `rl` (tasks for TRL's GRPOTrainer and verl).

DPOTrainer reads a prompt and two continuations. GRPOTrainer and verl's RLHFDataset read a prompt and the data that
the reward function needs; one table serves both, since each hands unknown columns to the reward function.
"""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.publish.build.licenses import EVERY_LICENSE, create_license_refusals
from flows.publish.build.questions import create_question_tasks
from flows.publish.build.work_folder import work_folder
from flows.publish.errors import writing
from flows.publish.views.openai import message_type, openai_message
from flows.publish.views.preference import unpaired_note, write_preference
from flows.publish.views.view import LakeView, Row
from flows.settings.publish import Licenses
from warehouse.connect import query
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake
from warehouse.takedown import create_withdrawn

BATCH_ROWS = 16
PAIR_COLUMNS = ("task_id", "tools", "chosen_messages", "rejected_messages", "rejected_reasons")


def trl_pair(row: Row) -> Row | None:
    """A preference row for TRL: the common prompt, then each side's continuation.

    None if the prompts differ (by their system prompt): TRL has one prompt per pair.
    """
    (prompt, chosen), (other, rejected) = (_split_prompt(row[f"{side}_messages"]) for side in ("chosen", "rejected"))
    if prompt != other:
        return None
    messages = {"prompt": prompt, "chosen": chosen, "rejected": rejected}
    return {"task_id": row["task_id"], **messages, "tools": row["tools"], "rejected_reasons": row["rejected_reasons"]}


def write_trl_pairs(  # noqa: PLR0913, PLR0917 (a view of the lake has these)
    con: duckdb.DuckDBPyConnection,
    lake: Lake,
    seed: int,
    out: Path,
    report: ProgressCallback,
    licenses: Licenses = EVERY_LICENSE,
) -> tuple[int, int]:
    """Write pairs for TRL to the Parquet file `out`; returns their number, and the number of omitted pairs.

    A pair is omitted if its prompts differ. Raises PublishError, PublishRunning.
    """
    with work_folder(out.with_name(f".{out.name}.trl")) as work:
        general, fresh = work / "preference.parquet", work / "trl.parquet"
        pairs = write_preference(con, lake, seed, general, report, licenses)
        written = _convert(general, fresh)
        with writing(out):
            fresh.replace(out)
    return written, pairs - written


def write_rl_tasks(con: duckdb.DuckDBPyConnection, out: Path, licenses: Licenses = EVERY_LICENSE) -> int:
    """Write the tasks with a pass rate strictly between 0 and 1 to the Parquet file `out`; returns their number.

    `prompt` and `answer` are for TRL, `prompt`, `data_source`, `ability`, `reward_model` and `extra_info` for verl;
    the other columns are those of warehouse/sql/publish/rl_tasks.sql. Raises StoreError.
    """
    create_withdrawn(con)
    create_license_refusals(con, licenses)
    create_question_tasks(con)
    rows = con.sql(query("publish", "rl_tasks")).to_arrow_table()
    fresh = out.with_name(f".{out.name}.new")
    with writing(out):
        try:
            pq.write_table(_with_prompts(rows), fresh, compression="zstd")
            fresh.replace(out)
        finally:
            fresh.unlink(missing_ok=True)
    return int(rows.num_rows)


def _split_prompt(messages: list[Row]) -> tuple[list[Row], list[Row]]:
    """The messages before the agent's first, and the rest."""
    converted = [openai_message(message) for message in messages]
    first = next((place for place, one in enumerate(converted) if one["role"] == "assistant"), len(converted))
    return converted[:first], converted[first:]


def _convert(pairs: Path, out: Path) -> int:
    text, count = pa.large_string(), 0
    stored, typed = _pair_schema(text), _pair_schema(pa.json_(text))
    with pq.ParquetFile(pairs) as file, pq.ParquetWriter(out, typed, compression="zstd") as writer:
        for batch in file.iter_batches(BATCH_ROWS, columns=list(PAIR_COLUMNS)):
            rows = [pair for row in batch.to_pylist() if (pair := trl_pair(row))]
            writer.write_table(pa.Table.from_pylist(rows, schema=stored).cast(typed))
            count += len(rows)
    return count


def _pair_schema(json_type: pa.DataType) -> pa.Schema:
    messages = pa.list_(message_type(json_type))
    sides = [(side, messages) for side in ("prompt", "chosen", "rejected")]
    return pa.schema(
        [("task_id", pa.string()), *sides, ("tools", pa.large_string()), ("rejected_reasons", pa.list_(pa.string()))]
    )


def _with_prompts(rows: pa.Table) -> pa.Table:
    """The table with the columns that the trainers read by name."""
    extra = [row | {"index": place} for place, row in enumerate(rows.select(EXTRA_COLUMNS).to_pylist())]
    columns: dict[str, tuple[pa.DataType, list[Any]]] = {
        "prompt": (PROMPT, [_prompt(row) for row in rows.select(["system", "instruction"]).to_pylist()]),
        "data_source": (pa.string(), rows["domain"].to_pylist()),
        "ability": (pa.string(), ["agent"] * rows.num_rows),
        "reward_model": (REWARD, [{"style": "rule", "ground_truth": one} for one in rows["answer"].to_pylist()]),
        "extra_info": (EXTRA, extra),
    }
    for name, (kind, values) in columns.items():
        rows = rows.append_column(name, pa.array(values, kind))
    return rows


def _prompt(row: Row) -> list[Row]:
    messages = [("system", row["system"]), ("user", row["instruction"])]
    return [{"role": role, "content": content} for role, content in messages if content]


def _trl_preference(  # noqa: PLR0913, PLR0917
    con: duckdb.DuckDBPyConnection, lake: Lake, seed: int, out: Path, report: ProgressCallback, licenses: Licenses
) -> tuple[int, str]:
    written, omitted = write_trl_pairs(con, lake, seed, out, report, licenses)
    note = f"{omitted} pairs left out: their attempts had other system prompts, and TRL has one per pair"
    return written, "; ".join(one for one in (note if omitted else "", unpaired_note(con)) if one)


def _rl(  # noqa: PLR0913, PLR0917
    con: duckdb.DuckDBPyConnection, lake: Lake, seed: int, out: Path, report: ProgressCallback, licenses: Licenses
) -> tuple[int, str]:
    rows = write_rl_tasks(con, out, licenses)
    report(rows, rows, "writing tasks")
    return rows, ""


PROMPT = pa.list_(pa.struct([("role", pa.string()), ("content", pa.large_string())]))
REWARD = pa.struct([("style", pa.string()), ("ground_truth", pa.large_string())])
EXTRA_COLUMNS = ["task_id", "verifiers", "setup", "tools"]
EXTRA = pa.struct(
    [
        ("index", pa.int64()),
        ("task_id", pa.string()),
        ("verifiers", pa.list_(pa.string())),
        ("setup", pa.large_string()),
        ("tools", pa.large_string()),
    ]
)
"""The Arrow type of `extra_info`, which verl hands to the reward function of a task."""
TRL_PREFERENCE = LakeView(_trl_preference)
RL = LakeView(_rl)
