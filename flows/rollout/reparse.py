"""Parses the turns in the lake again with the present dialect, for turns that an older version of it parsed.

Only differing parses are written, as rows of `reparses`; the turns themselves never change. A turn is parsed from its
token ids, the end of its prompt and the tools that were offered, exactly as in the rollout, so it needs the tokenizer
and no server. One part of the lake is in memory at a time.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from flows.environments.tool import ToolSpec
from flows.rollout.dialects.chat import ChatDialect
from flows.rollout.loop.compaction import digest_of
from flows.rollout.loop.episode import parsed_columns
from flows.rollout.loop.repetition import REPETITION
from flows.rollout.protocol import Completion, Parsed
from schemas import Reparse, Trajectory, Turn
from schemas.record import night_of
from schemas.trajectory import NO_IDS
from warehouse.connect import execute, query
from warehouse.console.progress import ProgressCallback
from warehouse.lake import Lake
from warehouse.part_faults import open_part

WORKER = "reparse"
BATCH_TURNS = 128
COMPARED_CHARS = 80
"""Characters of a turn's text that must occur in its decoded ids, as a test for the right tokenizer."""
PARSED_COLUMNS = ("parse", "content", "reasoning", "tool_calls")
TURN_COLUMNS = [
    "trajectory_id", "index", "segment", "role", *PARSED_COLUMNS, "token_ids", "logprobs", "finish_reason", "copy_of"
]  # fmt: skip
TRAJECTORY_COLUMNS = ["trajectory_id", "dialect", "tools", "run_id", "ids"]


@dataclass
class ReparseCounts:
    """Counts of a reparse."""

    turns: int = 0
    """Assistant turns that were parsed."""
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Turns with another result, by their parse before and now (which can be equal)."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Trajectories that were not parsed, by reason."""


@dataclass
class _Attempt:
    """One trajectory while its turns stream by."""

    row: dict[str, Any]
    tools: Sequence[ToolSpec]
    prompt_tail: list[int] = field(default_factory=list)
    """The last id of the last assistant turn and all ids after it: the end of the next prompt."""
    segment: int = 0
    same_tokenizer: bool | None = None
    """True if its ids are of the dialect's tokenizer; None until a turn with text has been compared."""
    skipped: str | None = None


class Reparser:
    """Parses the chat turns of a lake with `dialect`."""

    def __init__(self, dialect: ChatDialect, lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
        self.counts = ReparseCounts()
        self._dialect, self._lake, self._con = dialect, lake, con
        self._tools: dict[str, tuple[ToolSpec, ...]] = {}
        """Tool specs by their JSON."""

    async def reparse(self, day: date | None, report: ProgressCallback, *, dry: bool = False) -> ReparseCounts:
        """Parse all turns, or those of one day; write differing parses unless `dry`. A second call writes nothing."""
        complete = {path.name: path for path in self._lake.parts(Trajectory, day)}
        parts = [path for path in self._lake.parts(Turn, day) if path.name in complete]
        for done, path in enumerate(parts):
            report(done, len(parts), f"{sum(self.counts.changed.values())} turns changed")
            rows = [row async for row in self._part(path, complete[path.name])]
            if rows and not dry:
                self._write(rows)
        report(len(parts), len(parts), "")
        return self.counts

    async def _part(self, turns: Path, trajectories: Path) -> AsyncIterator[Reparse]:
        attempts = {row["trajectory_id"]: self._attempt(row) for row in _rows(trajectories, TRAJECTORY_COLUMNS)}
        before = self._newest_reparses(list(attempts))
        for row, following in pairwise(chain(_rows(turns, TURN_COLUMNS), [None])):
            attempt = attempts.get(row["trajectory_id"]) if row else None
            if row is None or attempt is None or attempt.skipped:
                continue
            if row["segment"] != attempt.segment:
                attempt.segment, attempt.prompt_tail = row["segment"], []
            if row["role"] != "assistant":
                attempt.prompt_tail += row["token_ids"]
            elif row.get("copy_of") is not None:
                attempt.prompt_tail = row["token_ids"][-1:]
            else:
                row["is_digest"] = _is_digest(row, following)
                changed = await self._turn(attempt, row, before.get((row["trajectory_id"], row["index"]), row))
                if changed:
                    yield changed
        self.counts.skipped.update(attempt.skipped for attempt in attempts.values() if attempt.skipped)

    async def _turn(self, attempt: _Attempt, row: dict[str, Any], before: dict[str, Any]) -> Reparse | None:
        ids, logprobs = row["token_ids"], row["logprobs"]
        start = len(ids) - len(logprobs)
        prompt, attempt.prompt_tail = [*attempt.prompt_tail, *ids[:start]], ids[-1:]
        if attempt.same_tokenizer is None:
            attempt.same_tokenizer = self._is_same_tokenizer(row, ids[start:])
        if attempt.same_tokenizer is False:
            attempt.skipped = "another tokenizer"
            return None
        self.counts.turns += 1
        if row["parse"] == REPETITION:
            return None
        completion = Completion(ids[start:], logprobs, row["finish_reason"] or "stop", prompt)
        parsed = await self._dialect.parse(completion, attempt.tools)
        return self._changed(attempt, row, before, digest_of(parsed) if row["is_digest"] else parsed)

    def _changed(
        self, attempt: _Attempt, row: dict[str, Any], before: dict[str, Any], parsed: Parsed
    ) -> Reparse | None:
        columns = parsed_columns(parsed)
        columns["tool_calls"] = _with_stable_ids(columns["tool_calls"], before["tool_calls"], row["tool_calls"])
        if all(columns[name] == before[name] for name in PARSED_COLUMNS):
            return None
        self.counts.changed[before["parse"], parsed.parse] += 1
        return Reparse.model_validate(
            columns
            | {
                "trajectory_id": row["trajectory_id"],
                "index": row["index"],
                "answer": parsed.answer,
                "renderer": self._dialect.renderer,
                "template_sha256": self._dialect.template_sha256,
                "reparsed_at": datetime.now(UTC),
                "run_id": attempt.row["run_id"],
            }
        )

    def _attempt(self, row: dict[str, Any]) -> _Attempt:
        if row["tools"] not in self._tools:
            self._tools[row["tools"]] = tuple(ToolSpec(**one["function"]) for one in json.loads(row["tools"]))
        skipped = None if row["dialect"] == self._dialect.name else f"dialect {row['dialect']}"
        skipped = "no token ids (ids = none)" if row.get("ids") == NO_IDS else skipped
        return _Attempt(row, self._tools[row["tools"]], skipped=skipped)

    def _is_same_tokenizer(self, row: dict[str, Any], ids: list[int]) -> bool | None:
        """True if the decoded ids contain the text that was parsed from them; None if that text is empty."""
        texts = [row[name] for name in ("content", "reasoning") if row[name]]
        decoded = self._dialect.decode(ids) if texts else ""
        return any(text.strip()[:COMPARED_CHARS] in decoded for text in texts) if texts else None

    def _newest_reparses(self, trajectories: list[str]) -> dict[tuple[str, int], dict[str, Any]]:
        """The newest reparses of these trajectories' turns, by trajectory id and turn index."""
        if not self._lake.parts(Reparse):
            return {}
        found = execute(self._con, query("rollout", "newest_reparses"), {"trajectories": trajectories}).fetchall()
        return {(name, index): dict(zip(PARSED_COLUMNS, row, strict=True)) for name, index, *row in found}

    def _write(self, rows: list[Reparse]) -> None:
        self._lake.write(Reparse, rows, self._lake.next_part(night_of(rows[0].run_id), WORKER, Reparse))


def _is_digest(row: dict[str, Any], following: dict[str, Any] | None) -> bool:
    """True for an assistant turn that ends a segment: the agent's summary, whose calls were not made."""
    same = following is not None and following["trajectory_id"] == row["trajectory_id"]
    return bool(same and following and following["segment"] > row["segment"])


def _rows(path: Path, columns: list[str]) -> Iterator[dict[str, Any]]:
    with open_part(path) as part:
        for batch in part.iter_batches(BATCH_TURNS, columns=columns):
            yield from pa.Table.from_batches([batch]).to_pylist()


def _with_stable_ids(calls: str | None, *earlier: str | None) -> str | None:
    """The earlier calls if they differ in nothing but their ids, to which tool results refer; else the new ones."""
    for old in earlier:
        if calls and old and _without_ids(calls) == _without_ids(old):
            return old
    return calls


def _without_ids(calls: str) -> list[tuple[str, str]]:
    return [(call["name"], json.dumps(call["arguments"], sort_keys=True)) for call in json.loads(calls)]
