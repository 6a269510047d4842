"""Makes a lake of any size with known duplicates, from real text recombined by a word chain.

Trajectories come in groups: one pair of each kind of `labelled_kinds.py`, and eighteen single ones. The agents'
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
from tests.doubles.lakes.labelled_kinds import COPIES, OTHERS, Move, Pair
from warehouse.lake import Lake, PartName

KINDS = (*COPIES, *OTHERS)
GROUP = 2 * len(KINDS) + 18
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
        return set(self.kinds())

    def kinds(self) -> dict[tuple[str, str], str]:
        """The kind of each duplicate pair, by its sorted ids."""
        copies = [row for row in range(self.shape.rows) if self.kind(row) in COPIES]
        pairs = {row: (self.id(row - 1), self.id(row)) for row in copies}
        return {(min(pair), max(pair)): self.kind(row) for row, pair in pairs.items()}

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
            samples=2 if place < 2 * len(KINDS) else 1,
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
            call = ("open", f"http://site/{pages[n]}.html") if n % 3 == 1 else ("search", " ".join(queries[n]))
            calls = (call, ("search", " ".join(queries[n - 1]))) if n % 5 == 4 else (call,)
            words = [*OPENERS[int(pages[n]) % len(OPENERS)].split(), *texts[n]]
            moves.append(Move(words, calls, int(pages[n])))
        return [*moves, Move(texts[-1][:12], (), 0)]

    def _moves(self, row: int) -> list[Move]:
        kind = self.kind(row)
        if kind == "fresh":
            return self._fresh(row)
        dice = np.random.default_rng((self.shape.seed, row, 3))
        pair = Pair(self._fresh(row - 1), self._fresh(row), dice, self.source)
        return {**COPIES, **OTHERS}[kind](pair)

    def _turns(self, row: int, moves: list[Move]) -> Iterator[dict[str, object]]:
        common = {"trajectory_id": self.id(row), "segment": 0, "run_id": DAY.isoformat(), "seconds": 1.0}
        common |= {"bytes_dropped": 0, "token_ids": [], "sampled": [], "logprobs": [], "n_chars": 0, "n_tokens": 0}
        yield common | {"index": 0, "role": "user", "content": self._task(row).instruction}
        index = 1
        for n, move in enumerate(moves):
            text = " ".join(move.words)
            turn = common | {"index": index, "role": "assistant", "reasoning": text, "parse": "ok"}
            turn |= {"n_chars": len(text), "n_tokens": len(text) // 4}
            ids = [f"c{row}-{n}-{k}" for k in range(len(move.calls))]
            called = [_call(id, tool, argument) for id, (tool, argument) in zip(ids, move.calls, strict=True)]
            more = (
                {"tool_calls": json.dumps(called), "tool": move.calls[0][0]}
                if called
                else {"content": self._answer(row)}
            )
            yield turn | more
            for k, id in enumerate(ids):
                chars = self.shape.page_chars if k == 0 else self.shape.page_chars // 10
                read = self.source.page(move.page + k, chars)
                result = common | {"index": index + k + 1, "role": "tool", "observation": read, "kind": "ok"}
                result |= {"tool": move.calls[k][0], "tool_call_id": id, "url": f"http://site/{move.page + k}.html"}
                yield result | {"redacted": "{}", "n_chars": len(read), "n_tokens": len(read) // 4}
            index += 1 + len(ids)

    def _answer(self, row: int) -> str:
        """The last words of an attempt; a copy gives the answer of the first."""
        return f"answer {row - 1 if self.kind(row) in COPIES else row}"

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
            "answer": self._answer(row),
            "n_turns": len(moves),
            "n_tool_calls": sum(len(move.calls) for move in moves),
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


def _call(id: str, tool: str, argument: str) -> dict[str, object]:
    return {"id": id, "name": tool, "arguments": {"url" if tool == "open" else "query": argument}}


def _at(hour: int) -> datetime:
    return datetime(DAY.year, DAY.month, DAY.day, hour, tzinfo=UTC)


if __name__ == "__main__":
    rows, calls, words, home = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    LabelledLake(Shape(rows, calls, words)).write(Lake(home))
