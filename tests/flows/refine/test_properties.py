"""Properties of refine on any lake: nights add up to the whole, and no row breaks a gate."""

import json
import random
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.refine.decide import run_refine
from flows.refine.gates.gates import load_gates
from flows.settings import Settings
from schemas import Trajectory, Turn, arrow_schema
from tests.doubles.lakes.small_lake import Kind, SmallLake, make_small_lake, write_records
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName
from warehouse.query import run_checks

DAY = date(2026, 11, 20)
FUZZED = 5_000


def decided(home: Path) -> dict[str, tuple[object, ...]]:
    run_refine(Settings(home=home), DAY, silent)
    with connect(Lake(home / "lake")) as con:
        rows = con.execute("select * exclude (decided_at, date) from decisions order by trajectory_id").fetchall()
    return {row[0]: row[1:] for row in rows}


def night_of(made: SmallLake, night: int, nights: int) -> SmallLake:
    """The attempts of one of several nights; all tasks are in the first."""
    ids = {id for place, id in enumerate(sorted(made.kinds)) if place % nights == night}
    return SmallLake(
        made.documents if night == 0 else [],
        made.tasks if night == 0 else [],
        [row for row in made.trajectories if row.trajectory_id in ids],
        [turn for turn in made.turns if turn.trajectory_id in ids],
        [verdict for verdict in made.verdicts if verdict.trajectory_id in ids],
    )


@pytest.mark.slow
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kinds=st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 2)), st.sampled_from(get_args(Kind))),
    nights=st.integers(2, 3),
    seed=st.integers(0, 99),
)
def test_night_after_night_decides_like_one_refine_of_all(
    kinds: dict[tuple[int, int], Kind], nights: int, seed: int
) -> None:
    """Decisions must not depend on the order of nights, and no text is read twice."""
    made = make_small_lake(DAY, n_tasks=4, samples=3, kinds=kinds, seed=seed)
    with TemporaryDirectory() as one, TemporaryDirectory() as many:
        write_records(Lake(Path(one) / "lake"), DAY, made)
        read: dict[Path, int] = {}
        for night in range(nights):
            write_records(Lake(Path(many) / "lake"), DAY, night_of(made, night, nights), night)
            found = decided(Path(many))
            sketched = {
                path: path.stat().st_mtime_ns
                for path in Path(many).rglob("sketches/*/*.parquet")
                if "-rollout-" in path.name
            }
            assert read.items() <= sketched.items()
            assert len(sketched) > len(read)
            read = sketched
        assert found == decided(Path(one))


TEXTS = [
    *(None, "", " ", "\x00", "\n\n", "a" * 40_000, "!" * 300, "好" * 900, "🙂", "\ufeff", "\u202e", "�" * 20),
    *("http://", "https://a.test/x#y", "https://[", "[TOOL_CALLS]", "<tool_response>", "```", "I guess", "(?i)\\b["),
    *("'; drop table turns", "NaN", "известный", "answer", "null"),
]
CALLS = [
    *(None, "", "null", "[]", "{}", "[", "5", '"x"', "[null]", "[5]", "NaN", "[" * 900),
    '[{"id": 5, "name": ["x"], "arguments": "str"}]',
    '[{"name": "\\ud800"}]',
    '{"id": "c", "name": "search", "arguments": {"query": "x"}}',
    '[{"id": "c", "name": null, "arguments": null}]',
    *(
        f'[{{"id": "c", "name": "search", "arguments": {arguments}}}]'
        for arguments in (
            *('{"a": 1, "a": 2, "": 3, "/~\\"": null}', '{"query": 1e999}', '{"query": NaN}', "[1]", '"\\ud800"'),
            json.dumps({"query": "q" * 9_000}),
        )
    ),
]
TOOLS = [
    *("", "null", "[]", "{}", "[", "[5]", '[{"function": 5}]', '[{"name": "search", "parameters": 5}]'),
    *(
        f'[{{"function": {{"name": "search", "parameters": {schema}}}}}, {{"function": {{"name": "search"}}}}]'
        for schema in (
            '{"properties": [], "required": "query"}',
            '{"properties": {"query": true}, "required": [5, null], "additionalProperties": {}}',
            '{"properties": {"a": {"type": 5, "enum": 3, "minimum": "x"}}}',
            '{"properties": {"a\\"b": {"type": ["string"]}}, "additionalProperties": false}',
        )
    ),
]
COUNTS = [0, 1, 2, 3, -1, 2**62]
ROLES = ["system", "user", "assistant", "tool", "", "critic", "\x00"]


def fuzzed_row(dice: random.Random, like: dict[str, Any], pools: dict[str, list[Any]], share: float) -> dict[str, Any]:
    """The row with a share of its columns drawn from pools of odd values."""
    return {
        name: dice.choice(pools[name]) if name in pools and dice.random() < share else value
        for name, value in like.items()
    }


def shuffled(dice: random.Random, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return dice.sample(rows, len(rows))


def fuzzed(lake: Lake) -> None:
    """5,000 trajectories of a few turns, such as a broken or hostile writer could leave."""
    dice = random.Random(5)
    made = make_small_lake(DAY, n_tasks=FUZZED // 2, samples=2, n_calls=1, words=8)
    whole = [text for text in TEXTS if text is not None]
    turn_pools: dict[str, list[Any]] = {
        **dict.fromkeys(("content", "reasoning", "observation"), TEXTS),
        **dict.fromkeys(("tool", "kind", "url", "tool_call_id", "parse", "finish_reason"), TEXTS),
        "tool_calls": CALLS,
        "role": ROLES,
        "index": COUNTS,
    }
    row_pools: dict[str, list[Any]] = {
        "answer": TEXTS,
        "tools": TOOLS,
        "system": whole,
        "status": [*whole, "answered"],
        "n_tool_calls": COUNTS,
    }
    turns = [fuzzed_row(dice, turn.model_dump(), turn_pools, dice.choice((0, 0.1, 0.5))) for turn in made.turns]
    turns = [turn for start in range(0, len(turns), 6) for turn in shuffled(dice, turns[start : start + 6])]
    turns.sort(key=lambda turn: str(turn["trajectory_id"]))
    rows = [fuzzed_row(dice, row.model_dump(), row_pools, dice.choice((0, 0.2))) for row in made.trajectories]
    tasks = [task.model_copy(update={"answer": dice.choice([task.answer, *TEXTS])}) for task in made.tasks]
    made.tasks[:] = [
        task.model_copy(update={"instruction": dice.choice(whole)}) if dice.random() < 0.1 else task for task in tasks
    ]
    write_records(lake, DAY, SmallLake(made.documents, made.tasks, [], [], made.verdicts))
    lake.write_table(Turn, pa.Table.from_pylist(turns, schema=arrow_schema(Turn)), PartName(DAY, "rollout", 1))
    lake.write_table(
        Trajectory, pa.Table.from_pylist(rows, schema=arrow_schema(Trajectory)), PartName(DAY, "rollout", 1)
    )


@pytest.mark.slow
def test_no_broken_row_breaks_a_gate(tmp_path: Path) -> None:
    """One bad row in 100,000 is refused with a reason; it must not fail the night."""
    lake = Lake(tmp_path / "lake")
    fuzzed(lake)
    found = decided(tmp_path)
    gates = [gate.name for gate in load_gates(Settings())]
    with connect(lake) as con:
        finished = con.execute("select trajectory_id from trajectories where status <> 'aborted'").fetchall()
        rows = con.execute("select kept, reasons, gates from decisions").fetchall()
        checks = {
            name: n
            for name, n in run_checks(con).items()
            if name.startswith(("decision", "duplicate_decision", "conservation"))
        }
    assert set(found) == {id for (id,) in finished}
    assert len(found) > FUZZED * 0.9
    assert not any(checks.values())
    refused = 0
    for kept, reasons, text in rows:
        verdicts = json.loads(text)
        assert list(verdicts) == gates
        assert all(isinstance(verdict["keep"], bool) and verdict["reason"] for verdict in verdicts.values())
        assert kept == (not reasons)
        refused += not kept
    assert refused > FUZZED // 4
