"""A finished turn as the journal's row and back: ids and log-probabilities as bytes, the rest as JSON.

Packed, a turn of a thousand tokens takes 9 KB and no Python object a token; a checksum beside it lets a
damaged journal give back exactly the turns that are whole.
"""

import struct
import zlib
from array import array
from collections.abc import Sequence
from typing import NamedTuple

import orjson

from flows.rollout.loop.episode import Entry
from schemas.trajectory import Turn

PACKED = {"token_ids", "sampled", "logprobs"}


class Row(NamedTuple):
    """A row of the journal's turns, after the trajectory's id."""

    place: int
    row: bytes
    token_ids: bytes
    sampled: bytes
    logprobs: bytes
    crc: int

    def is_turn(self, trajectory_id: str, place: int) -> bool:
        """Is this that turn, and every byte as it was written?"""
        try:
            whole = self.crc == crc(self.row, self.token_ids, self.sampled, self.logprobs)
        except TypeError:
            return False
        return (
            whole
            and self.place == place
            and (self.row.startswith(_opening(trajectory_id, place)) or self._names(trajectory_id, place))
        )

    def _names(self, trajectory_id: str, place: int) -> bool:
        said = orjson.loads(self.row)["turn"]
        return bool((said["trajectory_id"], said["index"]) == (trajectory_id, place))


def pack(entry: Entry) -> Row:
    """The entry as a row."""
    turn = entry.turn
    said = {"trajectory_id": turn.trajectory_id, "index": turn.index}
    said |= {name: value for name, value in turn.__dict__.items() if name not in PACKED}
    row = orjson.dumps({"turn": said, "cue": entry.cue, "answer": entry.answer, "asked": entry.forced_status})
    blobs = (_packed("i", turn.token_ids), bytes(turn.sampled), _packed("f", turn.logprobs))
    return Row(turn.index, row, *blobs, crc=crc(row, *blobs))


def unpack(row: Row) -> Entry:
    """The entry of a row."""
    kept = orjson.loads(row.row)
    packed = {
        "token_ids": array("i", row.token_ids).tolist(),
        "sampled": list(map(bool, row.sampled)),
        "logprobs": array("f", row.logprobs).tolist(),
    }
    turn = Turn.model_validate(kept["turn"] | packed)
    return Entry(turn, cue=kept["cue"], answer=kept["answer"], forced_status=kept["asked"])


def read_only(row: Row) -> Turn:
    """The turn of a row for those who count and judge: its token columns are arrays, with no object a token."""
    kept = orjson.loads(row.row)["turn"]
    packed = {"token_ids": array("i", row.token_ids), "sampled": row.sampled, "logprobs": array("f", row.logprobs)}
    return Turn.model_construct(**(kept | packed))


def crc(*blobs: bytes) -> int:
    """A checksum over all of the bytes."""
    found = 0
    for blob in blobs:
        found = zlib.crc32(blob, found)
    return found


def _packed(kind: str, values: Sequence[float]) -> bytes:
    """The values as `array` stores them, in half of its time."""
    return struct.pack(f"{len(values)}{kind}", *values)


def _opening(trajectory_id: str, place: int) -> bytes:
    """How `pack` begins a row."""
    return b'{"turn":{"trajectory_id":%b,"index":%d,' % (orjson.dumps(trajectory_id), place)
