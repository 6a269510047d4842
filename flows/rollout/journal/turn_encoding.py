"""Encodes a finished turn as a row of the journal, and decodes it: token ids and log-probabilities in binary.

A turn of a thousand tokens takes 9 KB and no Python object per token. A checksum in each row lets a damaged journal
give back exactly the turns that are intact.
"""

import struct
import zlib
from array import array
from collections.abc import Sequence
from dataclasses import asdict
from typing import NamedTuple

import orjson
from pydantic import TypeAdapter

from flows.environments.environment import Checkpoint
from flows.rollout.loop.episode import Entry
from flows.rollout.protocol import Sampling
from schemas.trajectory import Turn

SAMPLING = TypeAdapter(Sampling)
BINARY_COLUMNS = {"token_ids", "sampled", "logprobs"}
"""Columns of a turn that the journal stores as arrays: int32, one byte per token, float32."""


class TurnRow(NamedTuple):
    """A row of the journal's table `turns`, without the trajectory id. `row` is JSON, `place` the turn's index."""

    place: int
    row: bytes
    token_ids: bytes
    sampled: bytes
    logprobs: bytes
    crc: int

    def is_turn(self, trajectory_id: str, place: int) -> bool:
        """True if the row is the turn at this place and its checksum matches."""
        try:
            intact = self.crc == checksum(self.row, self.token_ids, self.sampled, self.logprobs)
        except TypeError:
            return False
        return (
            intact
            and self.place == place
            and (self.row.startswith(_row_prefix(trajectory_id, place)) or self._names(trajectory_id, place))
        )

    def _names(self, trajectory_id: str, place: int) -> bool:
        turn = orjson.loads(self.row)["turn"]
        return bool((turn["trajectory_id"], turn["index"]) == (trajectory_id, place))


def encode_turn(entry: Entry) -> TurnRow:
    """Encode an entry of an episode as a row."""
    turn = entry.turn
    columns = {"trajectory_id": turn.trajectory_id, "index": turn.index}
    columns |= {name: value for name, value in turn.__dict__.items() if name not in BINARY_COLUMNS}
    stored = {"turn": columns, "cue": entry.cue, "answer": entry.answer, "asked": entry.forced_status}
    resumed = {"sampling": asdict(entry.sampling) if entry.sampling else None, "api": entry.api_message}
    resumed["checkpoint"] = asdict(entry.checkpoint) if entry.checkpoint else None
    flags = {"digest": True} if entry.asks_digest else {}
    row = orjson.dumps(stored | flags | {name: value for name, value in resumed.items() if value})
    blobs = (_array_bytes("i", turn.token_ids), bytes(turn.sampled), _array_bytes("f", turn.logprobs))
    return TurnRow(turn.index, row, *blobs, crc=checksum(row, *blobs))


def decode_turn(row: TurnRow) -> Entry:
    """Decode a row to the entry that was encoded."""
    stored = orjson.loads(row.row)
    arrays = {
        "token_ids": array("i", row.token_ids).tolist(),
        "sampled": list(map(bool, row.sampled)),
        "logprobs": array("f", row.logprobs).tolist(),
    }
    turn = Turn.model_validate(stored["turn"] | arrays)
    return Entry(
        turn,
        cue=stored["cue"],
        answer=stored["answer"],
        forced_status=stored["asked"],
        sampling=SAMPLING.validate_python(stored["sampling"]) if "sampling" in stored else None,
        api_message=stored.get("api"),
        checkpoint=Checkpoint(**stored["checkpoint"]) if "checkpoint" in stored else None,
        asks_digest=stored.get("digest", False),
    )


def decode_for_reading(row: TurnRow) -> Turn:
    """Decode a row to a turn for counting and judging: its token columns are arrays, without an object per token."""
    columns = orjson.loads(row.row)["turn"]
    arrays = {"token_ids": array("i", row.token_ids), "sampled": row.sampled, "logprobs": array("f", row.logprobs)}
    return Turn.model_construct(**(columns | arrays))


def checksum(*blobs: bytes) -> int:
    """Return the CRC-32 of all blobs in order. Raises TypeError if a value is not bytes."""
    crc = 0
    for blob in blobs:
        crc = zlib.crc32(blob, crc)
    return crc


def _array_bytes(kind: str, values: Sequence[float]) -> bytes:
    """The bytes that `array` would store; struct.pack takes half of its time."""
    return struct.pack(f"{len(values)}{kind}", *values)


def _row_prefix(trajectory_id: str, place: int) -> bytes:
    """The bytes with which `encode_turn` begins the JSON of this turn."""
    return b'{"turn":{"trajectory_id":%b,"index":%d,' % (orjson.dumps(trajectory_id), place)
