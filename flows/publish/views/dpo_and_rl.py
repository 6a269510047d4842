"""Pairs and tasks of mixed success in the words of the trainers that learn from them: small pure functions.

TRL's DPOTrainer wants a prompt and two ways to go on from it; its GRPOTrainer and verl's RLHFDataset want a
prompt and what to reward. One table of tasks serves both: each passes what it does not know to the reward.
"""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.publish.build.work_folder import work_folder
from flows.publish.errors import writing
from flows.publish.views.openai import Row, message_shape, openai_message
from flows.publish.views.preference import write_preference
from warehouse.connect import sql_files
from warehouse.console.progress import Report
from warehouse.lake import Lake
from warehouse.takedown import keep_withdrawn

ROWS_A_BATCH = 16
PAIR_COLUMNS = ("task_id", "tools", "chosen_messages", "rejected_messages", "rejected_reasons")


def trl_pair(row: Row) -> Row | None:
    """A preference row as TRL reads it: what both were asked, then all that followed.

    None where the two were asked differently (another system prompt): TRL has one prompt a pair.
    """
    (asked, chosen), (other, rejected) = (_asked(row[f"{side}_messages"]) for side in ("chosen", "rejected"))
    if asked != other:
        return None
    said = {"prompt": asked, "chosen": chosen, "rejected": rejected}
    return {"task_id": row["task_id"], **said, "tools": row["tools"], "rejected_reasons": row["rejected_reasons"]}


def write_trl_pairs(
    con: duckdb.DuckDBPyConnection, lake: Lake, seed: int, out: Path, report: Report
) -> tuple[int, int]:
    """Write pairs for TRL to the file `out`; returns their number, and that of pairs that were asked differently.

    Raises PublishError, PublishRunning.
    """
    with work_folder(out.with_name(f".{out.name}.trl")) as work:
        general, fresh = work / "preference.parquet", work / "trl.parquet"
        pairs = write_preference(con, lake, seed, general, report)
        written = _convert(general, fresh)
        with writing(out):
            fresh.replace(out)
    return written, pairs - written


def write_learnable(con: duckdb.DuckDBPyConnection, out: Path) -> int:
    """Write the tasks with a pass rate strictly between 0 and 1 to the file `out`; returns their number.

    `prompt` and `answer` are for TRL, `prompt`, `data_source`, `ability`, `reward_model` and `extra_info` for verl;
    the other columns are what the lake knows of the task. Raises StoreError.
    """
    keep_withdrawn(con)
    rows = con.sql(sql_files("publish")["rl_tasks"]).to_arrow_table()
    fresh = out.with_name(f".{out.name}.new")
    with writing(out):
        try:
            pq.write_table(_prompted(rows), fresh, compression="zstd")
            fresh.replace(out)
        finally:
            fresh.unlink(missing_ok=True)
    return int(rows.num_rows)


def _asked(messages: list[Row]) -> tuple[list[Row], list[Row]]:
    """What came before the agent's first word, and the rest."""
    converted = [openai_message(message) for message in messages]
    first = next((place for place, one in enumerate(converted) if one["role"] == "assistant"), len(converted))
    return converted[:first], converted[first:]


def _convert(pairs: Path, out: Path) -> int:
    text, count = pa.large_string(), 0
    stored, typed = _pair_shape(text), _pair_shape(pa.json_(text))
    with pq.ParquetFile(pairs) as file, pq.ParquetWriter(out, typed, compression="zstd") as writer:
        for batch in file.iter_batches(ROWS_A_BATCH, columns=list(PAIR_COLUMNS)):
            rows = [pair for row in batch.to_pylist() if (pair := trl_pair(row))]
            writer.write_table(pa.Table.from_pylist(rows, schema=stored).cast(typed))
            count += len(rows)
    return count


def _pair_shape(json_type: pa.DataType) -> pa.Schema:
    messages = pa.list_(message_shape(json_type))
    said = [(side, messages) for side in ("prompt", "chosen", "rejected")]
    return pa.schema(
        [("task_id", pa.string()), *said, ("tools", pa.large_string()), ("rejected_reasons", pa.list_(pa.string()))]
    )


def _prompted(rows: pa.Table) -> pa.Table:
    """The table with the columns that trainers read by name."""
    columns: dict[str, tuple[pa.DataType, list[Any]]] = {
        "prompt": (PROMPT, [_prompt(row) for row in rows.select(["system", "instruction"]).to_pylist()]),
        "data_source": (pa.string(), rows["domain"].to_pylist()),
        "ability": (pa.string(), ["agent"] * rows.num_rows),
        "reward_model": (REWARD, [{"style": "rule", "ground_truth": one} for one in rows["answer"].to_pylist()]),
        "extra_info": (EXTRA, [row | {"index": place} for place, row in enumerate(rows.select(TOLD).to_pylist())]),
    }
    for name, (kind, values) in columns.items():
        rows = rows.append_column(name, pa.array(values, kind))
    return rows


def _prompt(row: Row) -> list[Row]:
    said = [("system", row["system"]), ("user", row["instruction"])]
    return [{"role": role, "content": content} for role, content in said if content]


PROMPT = pa.list_(pa.struct([("role", pa.string()), ("content", pa.large_string())]))
REWARD = pa.struct([("style", pa.string()), ("ground_truth", pa.large_string())])
TOLD = ["task_id", "verifiers", "setup", "tools"]
EXTRA = pa.struct(
    [
        ("index", pa.int64()),
        ("task_id", pa.string()),
        ("verifiers", pa.list_(pa.string())),
        ("setup", pa.large_string()),
        ("tools", pa.large_string()),
    ]
)
"""What verl hands to the reward function of a task."""
