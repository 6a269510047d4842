"""Read the lake's turns again: what today's dialect makes of ids that another version of it read before.

Only what is read otherwise is written, as rows beside the turns, which never change. A turn's parse is read
from its ids, the end of its prompt and the tools that were offered, exactly as in the rollout; so it needs
the tokenizer and no server. One part of the lake is in memory at a time.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from flows.domains.contract import ToolSpec
from flows.rollout.dialects.chat import ChatDialect
from flows.rollout.loop.episode import parsed_columns
from flows.rollout.loop.repetition import REPETITION
from flows.rollout.protocol import Completion, Parsed
from schemas import Reparse, Trajectory, Turn
from warehouse.connect import run, sql_files
from warehouse.console.progress import Report
from warehouse.lake import Lake, PartName

WORKER = "reparse"
TURNS_A_BATCH = 128
TELLING = 80
"""Characters that tell whether ids are this tokenizer's."""
WORDS = ("parse", "content", "reasoning", "tool_calls")
COLUMNS = ["trajectory_id", "index", "role", *WORDS, "token_ids", "logprobs", "finish_reason"]
MADE = ["trajectory_id", "dialect", "tools", "run_id"]


@dataclass
class Reread:
    """What came of reading again."""

    turns: int = 0
    """Turns of the agent that were read."""
    changed: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Turns that are read otherwise, by their parse before and now (which can be the same)."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Trajectories that were not read, by reason."""


@dataclass
class _Attempt:
    """One trajectory as it streams by."""

    row: dict[str, Any]
    tools: Sequence[ToolSpec]
    before: list[int] = field(default_factory=list)
    """Ids since the agent last spoke, its own last one first: the end of the next prompt."""
    known: bool | None = None
    """Are its ids this tokenizer's? None while no turn has told."""
    skipped: str | None = None


class Rereader:
    """Reads the chat turns of a lake with a dialect; `decode` gives the text of ids, special tokens kept."""

    def __init__(self, dialect: ChatDialect, lake: Lake, con: duckdb.DuckDBPyConnection) -> None:
        self.found = Reread()
        self._dialect, self._lake, self._con = dialect, lake, con
        self._offers: dict[str, tuple[ToolSpec, ...]] = {}

    async def reread(self, day: date | None, report: Report, *, dry: bool = False) -> Reread:
        """Read all turns, or those of one day; write what changed unless `dry`. Done twice it writes nothing more."""
        whole = {path.name: path for path in self._lake.parts(Trajectory, day)}
        parts = [path for path in self._lake.parts(Turn, day) if path.name in whole]
        for done, path in enumerate(parts):
            report(done, len(parts), f"{sum(self.found.changed.values())} turns changed")
            rows = [row async for row in self._part(path, whole[path.name])]
            if rows and not dry:
                self._write(rows)
        report(len(parts), len(parts), "")
        return self.found

    async def _part(self, turns: Path, trajectories: Path) -> Any:
        attempts = {row["trajectory_id"]: self._attempt(row) for row in _rows(trajectories, MADE)}
        before = self._readings(list(attempts))
        for row in _rows(turns, COLUMNS):
            attempt = attempts.get(row["trajectory_id"])
            if attempt is None or attempt.skipped:
                continue
            if row["role"] != "assistant":
                attempt.before += row["token_ids"]
            else:
                changed = await self._turn(attempt, row, before.get((row["trajectory_id"], row["index"]), row))
                if changed:
                    yield changed
        self.found.skipped.update(attempt.skipped for attempt in attempts.values() if attempt.skipped)

    async def _turn(self, attempt: _Attempt, row: dict[str, Any], before: dict[str, Any]) -> Reparse | None:
        ids, logprobs = row["token_ids"], row["logprobs"]
        start = len(ids) - len(logprobs)
        prompt, attempt.before = [*attempt.before, *ids[:start]], ids[-1:]
        if attempt.known is None:
            attempt.known = self._known(row, ids[start:])
        if attempt.known is False:
            attempt.skipped = "another tokenizer"
            return None
        self.found.turns += 1
        if row["parse"] == REPETITION:
            return None
        completion = Completion(ids[start:], logprobs, row["finish_reason"] or "stop", prompt)
        return self._changed(attempt, row, before, await self._dialect.parse(completion, attempt.tools))

    def _changed(
        self, attempt: _Attempt, row: dict[str, Any], before: dict[str, Any], parsed: Parsed
    ) -> Reparse | None:
        words = parsed_columns(parsed)
        words["tool_calls"] = _same_calls(words["tool_calls"], before["tool_calls"], row["tool_calls"])
        if all(words[name] == before[name] for name in WORDS):
            return None
        self.found.changed[before["parse"], parsed.parse] += 1
        return Reparse.model_validate(
            words
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
        if row["tools"] not in self._offers:
            self._offers[row["tools"]] = tuple(ToolSpec(**one["function"]) for one in json.loads(row["tools"]))
        skipped = None if row["dialect"] == self._dialect.name else f"dialect {row['dialect']}"
        return _Attempt(row, self._offers[row["tools"]], skipped=skipped)

    def _known(self, row: dict[str, Any], ids: list[int]) -> bool | None:
        """Do the ids say what was read in them? None when nothing was."""
        said = [row[name] for name in ("content", "reasoning") if row[name]]
        text = self._dialect.decode(ids) if said else ""
        return any(words.strip()[:TELLING] in text for words in said) if said else None

    def _readings(self, trajectories: list[str]) -> dict[tuple[str, int], dict[str, Any]]:
        """The newest readings of these trajectories' turns, where they were read again before."""
        if not self._lake.parts(Reparse):
            return {}
        found = run(self._con, sql_files("rollout")["newest_reparses"], {"trajectories": trajectories}).fetchall()
        return {(name, index): dict(zip(WORDS, words, strict=True)) for name, index, *words in found}

    def _write(self, rows: list[Reparse]) -> None:
        day = date.fromisoformat(rows[0].run_id)
        self._lake.write(Reparse, rows, PartName(day, WORKER, len(self._lake.parts(Reparse, day))))


def _rows(path: Path, columns: list[str]) -> Iterator[dict[str, Any]]:
    with pq.ParquetFile(path) as part:
        for batch in part.iter_batches(TURNS_A_BATCH, columns=columns):
            yield from pa.Table.from_batches([batch]).to_pylist()


def _same_calls(made: str | None, *earlier: str | None) -> str | None:
    """The calls with the ids that they had before, where they are the same but for their ids."""
    for old in earlier:
        if made and old and _without_ids(made) == _without_ids(old):
            return old
    return made


def _without_ids(calls: str) -> list[tuple[str, str]]:
    return [(call["name"], json.dumps(call["arguments"], sort_keys=True)) for call in json.loads(calls)]
