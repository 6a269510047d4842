"""A finished turn as the journal's row and back: ids and log-probabilities as bytes, the rest as JSON.

Packed, a turn of a thousand tokens takes 9 KB and no Python object a token; a checksum beside it lets a
damaged journal give back exactly the turns that are whole.
"""

import zlib
from array import array
from typing import NamedTuple

import orjson

from flows.rollout.episode import Entry
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
        return whole and (said := columns(self))["index"] == place and said["trajectory_id"] == trajectory_id


def pack(entry: Entry) -> Row:
    """The entry as a row."""
    turn = entry.turn
    said = turn.model_dump(exclude=PACKED)
    row = orjson.dumps({"turn": said, "cue": entry.cue, "answer": entry.answer, "asked": entry.asked})
    blobs = (array("i", turn.token_ids).tobytes(), bytes(turn.sampled), array("f", turn.logprobs).tobytes())
    return Row(turn.index, row, *blobs, crc=crc(row, *blobs))


def unpack(row: Row) -> Entry:
    """The entry of a row."""
    kept = orjson.loads(row.row)
    packed = {
        "token_ids": array("i", row.token_ids).tolist(),
        "sampled": [bool(flag) for flag in row.sampled],
        "logprobs": array("f", row.logprobs).tolist(),
    }
    turn = Turn.model_validate(kept["turn"] | packed)
    return Entry(turn, cue=kept["cue"], answer=kept["answer"], asked=kept["asked"])


def columns(row: Row) -> dict[str, object]:
    """The row's columns other than its packed ones, as the lake names them."""
    found: dict[str, object] = orjson.loads(row.row)["turn"]
    return found


def crc(*blobs: bytes) -> int:
    """A checksum over all of the bytes."""
    found = 0
    for blob in blobs:
        found = zlib.crc32(blob, found)
    return found
