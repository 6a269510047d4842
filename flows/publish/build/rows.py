"""Folds the turns of a bucket into released rows, one row per segment of a trajectory, by Arrow offsets alone.

The turns of a segment are contiguous and in order, so that its messages are a slice of the turns and its token
ids a slice of theirs. No value becomes a Python object, and token ids are exactly those of the lake.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from flows.publish.errors import PublishError
from schemas import arrow_schema
from schemas.shard import Message, ReleaseRow, SegmentColumns
from warehouse.lake import LakeError

STUDENT = ("n_student_tokens", *(name for name in ReleaseRow.model_fields if name.startswith("student_")))
"""Columns that student.py fills; null without a student."""
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Rows:
    """The rows of a bucket as places in its turns: the first turn of each, then the number of turns."""

    starts: Ints
    owners: Ints
    """Per row: the number of its trajectory among the scalars."""

    @property
    def is_split(self) -> bool:
        """True if a trajectory has several rows."""
        return bool(len(self.owners) and self.owners[-1] + 1 < len(self.owners))


def fold(turns: pa.Table, scalars: pa.Table, *, segmented: bool = False) -> pa.Table:
    """The released rows of one bucket. `turns` are sorted by position and index, `scalars` by position.

    `segmented` adds the SegmentColumns. Raises PublishError unless the turns of each trajectory are numbered 0, 1, 2,
    ... without gaps, in as many segments as its record says; LakeError if a trajectory has two records.
    """
    rows = _rows(turns, scalars)
    starts, tokens = rows.starts, _offsets(turns["token_ids"])
    schema = release_schema(segmented=segmented)
    if rows.is_split:
        scalars = scalars.take(pa.array(rows.owners))
    columns = {
        "messages": pa.ListArray.from_arrays(pa.array(starts, pa.int32()), _messages(turns)),
        "token_ids": _joined(turns["token_ids"], starts),
        "loss_mask": _joined(turns["sampled"], starts),
        "logprobs": _joined(turns["logprobs"], starts),
        "message_tokens": pa.ListArray.from_arrays(pa.array(starts, pa.int32()), pa.array(np.diff(tokens), pa.int32())),
        "segment_starts": _zeros(len(starts) - 1),
        "n_tokens": _row_tokens(turns, scalars, rows),
        "segment": pa.array(turns["segment"].to_numpy()[starts[:-1]]),
        "n_segments": pa.array(np.bincount(rows.owners)[rows.owners]),
        "copied": _copied(turns, starts),
    }
    columns |= {name: pa.nulls(len(starts) - 1) for name in STUDENT} | {
        "over_window": pa.repeat(False, len(starts) - 1)
    }
    arrays = [columns[name] if name in columns else scalars[name].combine_chunks() for name in schema.names]
    return pa.Table.from_arrays(
        [array.cast(field.type) for array, field in zip(arrays, schema, strict=True)], schema=schema
    )


def release_schema(*, segmented: bool) -> pa.Schema:
    """The columns of a release's shards; those on segments only if a trajectory has several, or is a child."""
    schema = arrow_schema(ReleaseRow)
    more = arrow_schema(SegmentColumns) if segmented else []
    return pa.schema([*schema, *more], metadata=schema.metadata)


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


def _rows(turns: pa.Table, scalars: pa.Table) -> Rows:
    if twice := scalars.num_rows - len(scalars["trajectory_id"].unique()):
        raise LakeError(f"{twice} trajectories are in the lake twice; `factory lake check` reads every part.")
    position, index = turns["position"].to_numpy(), turns["index"].to_numpy()
    opens = np.diff(position, prepend=-1) != 0
    firsts = np.flatnonzero(opens)
    expected = np.arange(len(position)) - np.repeat(firsts, np.diff(np.append(firsts, len(position))))
    wrong = set(turns["trajectory_id"].filter(pa.array(index != expected)).to_pylist())
    wrong |= set(scalars["trajectory_id"].to_pylist()) ^ set(turns["trajectory_id"].to_pylist())
    if wrong:
        raise PublishError(
            f"{len(wrong)} kept trajectories have missing or repeated turns in the lake, such as {min(wrong)}. "
            "Run `factory sql` on the views turns and trajectories to see which parts hold them; nothing was published."
        )
    starts = np.flatnonzero(opens | (np.diff(turns["segment"].to_numpy(), prepend=0) != 0))
    rows = Rows(np.append(starts, len(position)), np.cumsum(opens)[starts] - 1)
    _check_segments(rows, scalars)
    return rows


def _check_segments(rows: Rows, scalars: pa.Table) -> None:
    said = pc.fill_null(scalars["n_segments"], 1).to_numpy()
    wrong = scalars["trajectory_id"].filter(pa.array(np.bincount(rows.owners, minlength=len(said)) != said))
    if len(wrong):
        raise PublishError(
            f"{len(wrong)} kept trajectories differ from their record in the number of segments, such as {wrong[0]}: "
            "`factory checks` lists them. Nothing was published."
        )


def _row_tokens(turns: pa.Table, scalars: pa.Table, rows: Rows) -> pa.Array:
    """The tokens of each row: its trajectory's, or those of the turns of its segment if there are several."""
    whole = scalars["n_tokens"].to_numpy()
    ends = np.append(0, np.cumsum(turns["n_tokens"].to_numpy()))[rows.starts]
    return pa.array(np.where(np.bincount(rows.owners)[rows.owners] > 1, np.diff(ends), whole))


def _copied(turns: pa.Table, starts: Ints) -> pa.ListArray:
    """Per row: the numbers of its messages that are copies."""
    copies = np.flatnonzero(turns["copy_of"].is_valid().to_numpy())
    own_start = starts[np.searchsorted(starts, copies, side="right") - 1]
    offsets = pa.array(np.searchsorted(copies, starts), pa.int32())
    return pa.ListArray.from_arrays(offsets, pa.array(copies - own_start, pa.int32()))


def _zeros(count: int) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(np.arange(count + 1), pa.int32()), pa.array(np.zeros(count), pa.int32()))


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

    A turn of weight 0, which its data set excludes from training, is never trainable, and neither is a copy.
    """
    ends = _offsets(turns["sampled"])
    sampled = np.concatenate(
        [[0], np.cumsum(turns["sampled"].combine_chunks().flatten().to_numpy(zero_copy_only=False))]
    )
    wrote = pc.equal(turns["role"], "assistant").to_numpy()
    is_original = turns["copy_of"].is_null().to_numpy()
    included = pc.fill_null(pc.not_equal(turns["weight"], 0), True).to_numpy() & is_original
    return pa.array(((np.diff(sampled[ends]) > 0) | (wrote & (np.diff(ends) == 0))) & included)


def _offsets(lists: pa.ChunkedArray) -> Ints:
    """The offset of each list in the flattened values, and their number."""
    lengths: Ints = pc.list_value_length(lists).to_numpy().astype(np.int64)
    return np.concatenate([[0], np.cumsum(lengths)])


def _joined(lists: pa.ChunkedArray, starts: Ints) -> pa.ListArray:
    """The lists of each trajectory's turns, concatenated."""
    offsets = _offsets(lists)[starts]
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), lists.combine_chunks().flatten())
