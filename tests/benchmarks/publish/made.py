"""Makes a lake of long trajectories, and times work on it, here or in a process of its own."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.settings import Settings
from schemas import Turn, arrow_schema
from tests.doubles.lakes.small_lake import make_small_lake, write_decisions, write_records
from warehouse.lake import Lake, PartName

DAY = date(2026, 1, 2)
TOKENS_PER_TURN = 4_500
TURNS_PER_PART = 1_980
"""A multiple of eleven, so that no part ends within a trajectory of eleven turns."""
LONG = ("n_tokens", "n_chars", "content", "observation", "token_ids", "sampled", "logprobs")


@dataclass(frozen=True)
class Run:
    """The measurements of a child: wall seconds of each part of its work, by name, and the process's peak memory."""

    seconds: dict[str, float]
    peak_mb: float


def measured(*words: str) -> Run:
    """The measurements of one run of `tests.benchmarks.publish.child` with these arguments."""
    command = [sys.executable, "-m", "tests.benchmarks.publish.child", *words]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def seconds_of(work: Callable[[str], object], name: str) -> float:
    """Wall seconds of the work of that name."""
    started = time.perf_counter()
    work(name)
    return time.perf_counter() - started


def published_to(settings: Settings, name: str) -> Settings:
    """The settings with releases published to the folder of that name in their home."""
    publish = settings.publish.model_copy(update={"to": str(settings.home / name)})
    return settings.model_copy(update={"publish": publish})


def long_lake(settings: Settings, trajectories: int) -> None:
    """Write a lake of trajectories of about 50K tokens: text of random words, token ids as skewed as words are.

    The long columns are made once and repeated in every part, so that trajectories differ by their ids only.
    """
    lake = Lake(settings.lake)
    made = make_small_lake(DAY, n_tasks=trajectories // 2)
    turns, made.turns[:] = list(made.turns), []
    of_each = TOKENS_PER_TURN * len(turns) // len(made.trajectories)
    made.trajectories[:] = [row.model_copy(update={"n_tokens": of_each}) for row in made.trajectories]
    write_records(lake, DAY, made)
    write_decisions(lake, DAY, made)
    grown: pa.Table | None = None
    for seq, start in enumerate(range(0, len(turns), TURNS_PER_PART)):
        rows = [turn.model_dump() for turn in turns[start : start + TURNS_PER_PART]]
        table = pa.Table.from_pylist(rows, arrow_schema(Turn))
        grown = _lengthened(table, np.random.default_rng(0)) if grown is None else grown
        for name in LONG:
            at = table.schema.get_field_index(name)
            table = table.set_column(at, table.schema.field(name), grown[name].slice(0, table.num_rows))
        lake.write_table(Turn, table, PartName(DAY, "long", seq))


def _lengthened(turns: pa.Table, dice: np.random.Generator) -> pa.Table:
    count = turns.num_rows
    words = np.array(["".join(dice.choice(list("etaoinshrdlu"), 3 + n % 6)) for n in range(30_000)])
    picks = np.minimum(dice.zipf(1.25, (count, TOKENS_PER_TURN * 3 // 4)), 30_000) - 1
    texts = pa.array([" ".join(words[row]) for row in picks], pa.large_string())
    is_tool = np.array([role == "tool" for role in turns["role"].to_pylist()])
    sampled = np.array([role == "assistant" for role in turns["role"].to_pylist()])
    offsets = pa.array(np.arange(count + 1) * TOKENS_PER_TURN, pa.int32())
    ids = np.minimum(dice.zipf(1.2, count * TOKENS_PER_TURN), 150_000).astype(np.int32)
    logprob_counts = np.where(sampled, TOKENS_PER_TURN, 0)
    logprobs = -dice.exponential(0.4, int(logprob_counts.sum())).astype(np.float32)
    columns = {
        "n_tokens": pa.array([TOKENS_PER_TURN] * count),
        "n_chars": pc.binary_length(texts),
        "content": pa.array(
            [None if tool else text for text, tool in zip(texts.to_pylist(), is_tool, strict=True)], pa.large_string()
        ),
        "observation": pa.array(
            [text if tool else None for text, tool in zip(texts.to_pylist(), is_tool, strict=True)], pa.large_string()
        ),
        "token_ids": pa.ListArray.from_arrays(offsets, pa.array(ids)),
        "sampled": pa.ListArray.from_arrays(offsets, pa.array(np.repeat(sampled, TOKENS_PER_TURN))),
        "logprobs": pa.ListArray.from_arrays(
            pa.array(np.append(0, np.cumsum(logprob_counts)), pa.int32()), pa.array(logprobs)
        ),
    }
    schema = arrow_schema(Turn)
    arrays = [columns.get(name, turns[name]) for name in schema.names]
    return pa.table([array.cast(field.type) for array, field in zip(arrays, schema, strict=True)], schema=schema)
