"""Folds the turns of a bucket into released rows, one row per trajectory, by Arrow offsets alone.

The turns of a trajectory are contiguous and in order, so that its messages are a slice of the turns and its token
ids a slice of theirs. No value becomes a Python object, and token ids are exactly those of the lake.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flows.publish.errors import PublishError
from schemas import arrow_schema
from schemas.shard import Message, ReleaseRow

STUDENT = ("n_student_tokens", *(name for name in ReleaseRow.model_fields if name.startswith("student_")))
"""Columns that student.py fills; null without a student."""
Ints = npt.NDArray[np.int64]


def fold(turns: pa.Table, scalars: pa.Table) -> pa.Table:
    """The released rows of one bucket. `turns` are sorted by position and index, `scalars` by position.

    Raises PublishError unless the turns of each trajectory are numbered 0, 1, 2, ... without gaps.
    """
    starts = _starts(turns, scalars)
    tokens = _offsets(turns["token_ids"])
    schema = arrow_schema(ReleaseRow)
    columns = {
        "messages": pa.ListArray.from_arrays(pa.array(starts, pa.int32()), _messages(turns)),
        "token_ids": _joined(turns["token_ids"], starts),
        "loss_mask": _joined(turns["sampled"], starts),
        "logprobs": _joined(turns["logprobs"], starts),
        "message_tokens": pa.ListArray.from_arrays(pa.array(starts, pa.int32()), pa.array(np.diff(tokens), pa.int32())),
        "segment_starts": _segment_starts(turns, starts, tokens),
    }
    columns |= {name: pa.nulls(len(starts) - 1) for name in STUDENT} | {
        "over_window": pa.repeat(False, len(starts) - 1)
    }
    arrays = [columns[name] if name in columns else scalars[name].combine_chunks() for name in schema.names]
    return pa.Table.from_arrays(
        [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)], schema=schema
    )


def row_bytes(rows: pa.Table) -> Ints:
    """Bytes of text and tokens of each row before encoding, which decide where row groups end."""
    parts = pc.list_flatten(rows["messages"])
    texts = [
        pc.fill_null(pc.binary_length(pc.struct_field(parts, name)), 0).to_numpy()
        for name in ("content", "reasoning_content", "tool_calls")
    ]
    text = np.concatenate([[0], np.cumsum(np.sum(texts, axis=0, dtype=np.int64))])[_offsets(rows["messages"])]
    ids, logprobs = np.diff(_offsets(rows["token_ids"])), np.diff(_offsets(rows["logprobs"]))
    tools = pc.binary_length(rows["tools"]).to_numpy()
    total: Ints = np.diff(text) + 4 * ids + ids // 8 + 4 * logprobs + tools
    return total


def _starts(turns: pa.Table, scalars: pa.Table) -> Ints:
    """The index of each trajectory's first turn, and the number of turns."""
    position, index = turns["position"].to_numpy(), turns["index"].to_numpy()
    firsts = np.flatnonzero(np.diff(position, prepend=-1))
    starts = np.append(firsts, len(position))
    expected = np.arange(len(position)) - np.repeat(firsts, np.diff(starts))
    wrong = set(turns["trajectory_id"].filter(pa.array(index != expected)).to_pylist())
    wrong |= set(scalars["trajectory_id"].to_pylist()) ^ set(turns["trajectory_id"].to_pylist())
    if wrong:
        raise PublishError(
            f"{len(wrong)} kept trajectories have missing or repeated turns in the lake, such as {min(wrong)}. "
            "Run `factory sql` on the views turns and trajectories to see which parts hold them; nothing was published."
        )
    return starts


def _messages(turns: pa.Table) -> pa.StructArray:
    is_tool = pc.equal(turns["role"], "tool")
    columns = {
        "role": turns["role"],
        "content": pc.if_else(is_tool, turns["observation"], turns["content"]),
        "reasoning_content": turns["reasoning"],
        "tool_calls": turns["tool_calls"],
        "tool_call_id": turns["tool_call_id"],
        "name": pc.if_else(is_tool, turns["tool"], None),
        "trainable": pa.chunked_array([_trainable(turns)]),
    }
    schema = arrow_schema(Message)
    arrays = [columns[field.name].cast(field.type).combine_chunks() for field in schema]
    return pa.StructArray.from_arrays(arrays, fields=list(schema))


def _trainable(turns: pa.Table) -> pa.Array:
    """Per turn: true if the teacher sampled a token of it; in a turn without token ids, if the agent wrote it.

    A turn of weight 0, which its data set excludes from training, is never trainable.
    """
    ends = _offsets(turns["sampled"])
    sampled = np.concatenate(
        [[0], np.cumsum(turns["sampled"].combine_chunks().flatten().to_numpy(zero_copy_only=False))]
    )
    wrote = pc.equal(turns["role"], "assistant").to_numpy()
    included = pc.fill_null(pc.not_equal(turns["weight"], 0), True).to_numpy()
    return pa.array(((np.diff(sampled[ends]) > 0) | (wrote & (np.diff(ends) == 0))) & included)


def _offsets(lists: pa.ChunkedArray) -> Ints:
    """The offset of each list in the flattened values, and their number."""
    lengths: Ints = pc.list_value_length(lists).to_numpy().astype(np.int64)
    return np.concatenate([[0], np.cumsum(lengths)])


def _joined(lists: pa.ChunkedArray, starts: Ints) -> pa.ListArray:
    """The lists of each trajectory's turns, concatenated."""
    offsets = _offsets(lists)[starts]
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), lists.combine_chunks().flatten())


def _segment_starts(turns: pa.Table, starts: Ints, tokens: Ints) -> pa.ListArray:
    segment = turns["segment"].to_numpy()
    opens = np.diff(segment, prepend=segment[:1] - 1) != 0
    opens[starts[:-1]] = True
    own_start = np.repeat(tokens[starts[:-1]], np.diff(starts))
    values = (tokens[:-1] - own_start)[opens]
    offsets = np.append(0, np.cumsum(opens))[starts]
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(values, pa.int32()))
