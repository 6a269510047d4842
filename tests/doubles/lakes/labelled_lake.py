"""Makes a lake of any size with known duplicates, from real text recombined by a word chain.

Trajectories come in groups of thirty-two: seven pairs, one of each kind below, and eighteen single ones. The agents'
text is drawn from bigrams of the installed packages' docstrings (so phrases recur as in language); the pages are pieces
of these docstrings, with popular ones repeated. The seed and the docstrings determine everything. Each trajectory can
be made on its own, so that rows land in any order and in any number of parts.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from schemas import Task, Trajectory, Turn, Verdict, arrow_schema
from schemas.task import task_id
from schemas.trajectory import trajectory_id
from sources.privacy.redaction import count_kinds_in_turns, detector_version
from warehouse.lake import Lake, PartName

KINDS = ("copy", "edited_5", "edited_15", "edited_30", "branch", "sibling", "same_pages")
GROUP = 2 * len(KINDS) + 18
COPIES = frozenset(KINDS[:4])
PART_TRAJECTORIES = 64
OPENERS = (
    "Let me look at the next page to see what it says about this.",
    "I need to find more information about the question before I can answer it.",
    "The page does not say what I am looking for, so I will search again.",
    "Now I will check this against another source to be sure.",
)
DAY = date(2026, 11, 1)
TOOLS = json.dumps(
    [
        {
            "type": "function",
            "function": {
                "name": name,
                "description": f"Use it to {name}.",
                "parameters": {
                    "type": "object",
                    "properties": {key: {"type": "string"}},
                    "required": [key],
                    "additionalProperties": False,
                },
            },
        }
        for name, key in (("search", "query"), ("open", "url"))
    ]
)
DOCSTRING = re.compile(r'"""(.{80,4000}?)"""', re.DOTALL)


@dataclass(frozen=True)
class Shape:
    """The number of trajectories and their length: 40 calls of 170 words and 3,400 characters are 45K tokens."""

    rows: int
    calls: int = 40
    words: int = 170
    page_chars: int = 3_400
    seed: int = 0


@dataclass(frozen=True)
class Move:
    """One turn of the agent, and the number of the page that it reads next."""

    words: list[str]
    tool: str | None
    argument: str
    page: int


class RealText:
    """The docstrings of the installed Python packages: pages to read, and a chain of words for the agents' text."""

    def __init__(self, limit: int = 12_000_000) -> None:
        self.text = _docstrings(limit)

    @cached_property
    def chain(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any], list[str]]:
        """The followers of all words in one array, the start and number of each word's followers, and the words."""
        words, ids = np.unique(np.array(self.text.split()[:1_500_000], dtype=object), return_inverse=True)
        order = np.argsort(ids[:-1], kind="stable")
        counts = np.bincount(ids[:-1], minlength=len(words))
        return ids[1:][order], np.cumsum(counts) - counts, np.maximum(counts, 1), [str(word) for word in words]

    def write(self, dice: np.random.Generator, turns: int, length: int) -> list[list[str]]:
        """The text of an agent: `turns` lists of `length` words."""
        followers, first, counts, words = self.chain
        now = dice.integers(0, len(words), turns)
        steps = [now]
        for darts in dice.random((length - 1, turns)):
            now = followers[np.minimum(first[now] + (darts * counts[now]).astype(np.int64), len(followers) - 1)]
            steps.append(now)
        return [[words[n] for n in row] for row in np.stack(steps, axis=1)]

    def edit(self, dice: np.random.Generator, text: list[str], share: float) -> list[str]:
        """The words with a share of them replaced, dropped, or preceded by another word."""
        words = self.chain[3]
        how, other = dice.random(len(text)), dice.integers(0, len(words), len(text))
        changed: list[str] = []
        for word, dart, n in zip(text, how.tolist(), other.tolist(), strict=True):
            if dart >= share * 0.8:
                changed.append(word)
            if dart < share * 0.6 or dart >= 1 - share * 0.2:
                changed.append(words[n])
        return changed

    def page(self, number: int, chars: int) -> str:
        start = number * 2_654_435_761 % (len(self.text) - chars)
        return self.text[start : start + chars]


class LabelledLake:
    """Writes the lake and lists its true duplicate pairs."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.source = RealText()
        self._task = lru_cache(4 * PART_TRAJECTORIES)(self._make_task)

    def kind(self, row: int) -> str:
        """`fresh`, or the kind of the pair whose second member the row is."""
        place = row % GROUP
        return KINDS[place // 2] if place % 2 and place < 2 * len(KINDS) else "fresh"

    def id(self, row: int) -> str:
        return trajectory_id(self._task(row).task_id, row % GROUP % 2)

    def pairs(self) -> set[tuple[str, str]]:
        """The ids of all duplicate pairs, each pair sorted."""
        rows = [row for row in range(self.shape.rows) if self.kind(row) in COPIES]
        return {(min(pair), max(pair)) for row in rows for pair in [(self.id(row - 1), self.id(row))]}

    def write(self, lake: Lake, rows: Iterable[int] | None = None, first_part: int = 0) -> None:
        """Write the rows as parts of 64 trajectories; by default all rows, shuffled so that pairs are apart."""
        chosen = list(range(self.shape.rows) if rows is None else rows)
        if rows is None:
            np.random.default_rng(self.shape.seed).shuffle(chosen)
        for part, start in enumerate(range(0, len(chosen), PART_TRAJECTORIES), first_part):
            some = chosen[start : start + PART_TRAJECTORIES]
            name = PartName(DAY + timedelta(days=part % 28), "made", part)
            attempts = [(row, self._moves(row)) for row in some]
            lake.write(Task, {task.task_id: task for task in map(self._task, some)}.values(), name)
            turns = _table(Turn, [turn for row, moves in attempts for turn in self._turns(row, moves)])
            lake.write_table(Turn, with_detected_secrets(turns), name)
            lake.write(Verdict, [self._verdict(row) for row in some], name)
            rows_of_part = [self._trajectory(row, moves) for row, moves in attempts]
            lake.write_table(Trajectory, _table(Trajectory, rows_of_part), name)

    def _make_task(self, row: int) -> Task:
        place = row % GROUP
        number = row if self.kind(row) in ("fresh", "same_pages") else row - 1
        dice = np.random.default_rng((self.shape.seed, number, 1))
        instruction = f"Which name is meant: {' '.join(self.source.write(dice, 1, 14)[0])}?"
        return Task.model_construct(
            task_id=task_id("search", instruction, f"answer {number}", [], "labelled"),
            domain="search",
            instruction=instruction,
            answer=f"answer {number}",
            evidence=[],
            path=[],
            tools=["search", "open"],
            verifiers=["exact_match"],
            setup="{}",
            max_turns=200,
            max_tokens=131_072,
            max_seconds=0,
            samples=2 if place < 12 else 1,
            hops=1,
            difficulty="{}",
            composer="labelled",
            composer_version="1",
            prompt_sha256=None,
            created_at=_at(0),
            run_id=DAY.isoformat(),
        )

    def _fresh(self, row: int) -> list[Move]:
        shape, dice = self.shape, np.random.default_rng((self.shape.seed, row, 2))
        texts = self.source.write(dice, shape.calls + 1, shape.words)
        queries = self.source.write(dice, shape.calls, 6)
        pages = dice.zipf(1.3, shape.calls) % 50_000
        moves = []
        for n in range(shape.calls):
            tool, argument = (
                ("open", f"http://site/{pages[n]}.html") if n % 3 == 1 else ("search", " ".join(queries[n]))
            )
            words = [*OPENERS[int(pages[n]) % len(OPENERS)].split(), *texts[n]]
            moves.append(Move(words, tool, argument, int(pages[n])))
        return [*moves, Move(texts[-1][:12], None, f"answer {row}", 0)]

    def _moves(self, row: int) -> list[Move]:
        kind = self.kind(row)
        if kind == "fresh":
            return self._fresh(row)
        first, dice = self._fresh(row - 1), np.random.default_rng((self.shape.seed, row, 3))
        if kind == "copy":
            return first
        if kind.startswith("edited"):
            return [self._edited(dice, move, int(kind.split("_")[1]) / 100) for move in first]
        own = self._fresh(row)
        if kind == "branch":
            fork = int(len(first) * dice.uniform(0.25, 0.7))
            return [*first[:fork], *own[fork:]]
        return [
            Move(mine.words, mine.tool, theirs.argument if theirs.tool == mine.tool == "open" else mine.argument, page)
            for mine, theirs, page in ((mine, theirs, theirs.page) for mine, theirs in zip(own, first, strict=True))
        ]

    def _edited(self, dice: np.random.Generator, move: Move, share: float) -> Move:
        argument = move.argument
        if move.tool == "search":
            argument = " ".join(self.source.edit(dice, argument.split(), share))
        return Move(self.source.edit(dice, move.words, share), move.tool, argument, move.page)

    def _turns(self, row: int, moves: list[Move]) -> Iterator[dict[str, object]]:
        common = {"trajectory_id": self.id(row), "segment": 0, "run_id": DAY.isoformat(), "seconds": 1.0}
        common |= {"bytes_dropped": 0, "token_ids": [], "sampled": [], "logprobs": [], "n_chars": 0, "n_tokens": 0}
        yield common | {"index": 0, "role": "user", "content": self._task(row).instruction}
        for n, move in enumerate(moves):
            text = " ".join(move.words)
            turn = common | {"index": 2 * n + 1, "role": "assistant", "reasoning": text, "parse": "ok"}
            if not move.tool:
                yield turn | {"content": move.argument, "n_chars": len(text), "n_tokens": len(text) // 4}
                return
            key = "url" if move.tool == "open" else "query"
            call = json.dumps([{"id": f"c{row}-{n}", "name": move.tool, "arguments": {key: move.argument}}])
            yield turn | {"tool_calls": call, "tool": move.tool, "n_chars": len(text), "n_tokens": len(text) // 4}
            read = self.source.page(move.page, self.shape.page_chars)
            result = common | {"index": 2 * n + 2, "role": "tool", "observation": read, "kind": "ok", "redacted": "{}"}
            result |= {"tool": move.tool, "tool_call_id": f"c{row}-{n}", "url": f"http://site/{move.page}.html"}
            yield result | {"n_chars": len(read), "n_tokens": len(read) // 4}

    def _trajectory(self, row: int, moves: list[Move]) -> dict[str, object]:
        task = self._task(row)
        words = sum(len(move.words) for move in moves)
        return {
            "trajectory_id": self.id(row),
            "task_id": task.task_id,
            "sample": row % GROUP % 2,
            "run_id": DAY.isoformat(),
            "domain": "search",
            "teacher_model": "made",
            "engine": "made",
            "dialect": "chat",
            "renderer": "made",
            "template_sha256": "made",
            "reasoning_policy": "append_only",
            "sampling": "{}",
            "seed": 0,
            "system": "",
            "tools": TOOLS,
            "status": "answered",
            "answer": moves[-1].argument,
            "n_turns": len(moves),
            "n_tool_calls": len(moves) - 1,
            "n_tokens": words * 2,
            "n_sampled_tokens": words,
            "n_observation_tokens": words,
            "started_at": _at(1),
            "ended_at": _at(2),
        }

    def _verdict(self, row: int) -> Verdict:
        return Verdict(
            trajectory_id=self.id(row),
            turn_index=None,
            verifier="exact_match",
            version="1",
            passed=True,
            score=1.0,
            reason="ok",
            judge_model=None,
            judge_prompt_sha256=None,
            run_id=DAY.isoformat(),
        )


def _docstrings(limit: int) -> str:
    """Docstrings of the standard library and the installed packages, in path order, up to `limit` characters."""
    roots = [Path(json.__file__).parents[1], Path(np.__file__).parents[1]]
    found: list[str] = []
    size = 0
    for path in (path for root in roots for path in sorted(root.rglob("*.py"))):
        try:
            texts = DOCSTRING.findall(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        found += texts
        size += sum(map(len, texts))
        if size > limit:
            break
    return "\n\n".join(found)


def with_detected_secrets(turns: pa.Table) -> pa.Table:
    """The turns as a rollout writes them: with the detector's version and its counts of secrets."""
    (batch,) = turns.combine_chunks().to_batches()
    columns = {
        "detector": pa.repeat(detector_version(), len(batch)),
        "secrets": pa.array(count_kinds_in_turns(batch), pa.string()),
    }
    for name, column in columns.items():
        turns = turns.set_column(turns.schema.get_field_index(name), turns.schema.field(name), column)
    return turns


def _table(model: type[Turn] | type[Trajectory], rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=arrow_schema(model))


def _at(hour: int) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=UTC)


if __name__ == "__main__":
    rows, calls, words, home = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    LabelledLake(Shape(rows, calls, words)).write(Lake(home))
