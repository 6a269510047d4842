"""Cached gates: DuckDB's parse tree decides which gates are cached; comments have no influence."""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from flows.refine.dedupe.sketch import Sketch
from flows.refine.gates.cacheable import GateAnalysis
from flows.refine.gates.cached_gates import open_cached_gates
from flows.refine.gates.gates import Gate, load_gates
from flows.refine.gates.parameters import bind_parameters, parameters_of
from flows.settings import Settings

NOT_CACHED = {"withdrawn", "decontamination", "exact_duplicate", "near_duplicate", "outcome", "judge"}
GATE = "select trajectory_id, {keep} as keep, 'ok' as reason, null as value from {rows}"


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        bind_parameters(opened, Settings())
        yield opened


def test_the_shipped_gates_are_cached_or_run_in_every_refine(con: duckdb.DuckDBPyConnection) -> None:
    analysis = GateAnalysis(con)
    gates = load_gates(Settings())
    assert len(gates) == 24
    assert {gate.name for gate in gates if not analysis.is_cacheable(gate.text)} == NOT_CACHED


def test_a_comment_cannot_make_a_gate_cached(con: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    """A cached answer of a gate that reads withdrawals would be stale after the next withdrawal."""
    text = GATE.format(keep="withdrawn.target is null", rows="candidates left join withdrawn using (trajectory_id)")
    own = Gate("own", 35, f"-- one row per trajectory, by itself: refuses withdrawn ones\n{text}", decides=True)
    gates = load_gates(Settings())
    sketch = Sketch({}, {}, {}, tmp_path / "sketch")
    cached = open_cached_gates(con, tmp_path, [own, *gates], sketch, parameters_of(Settings()))
    assert {gate.name for gate in cached.gates} == {gate.name for gate in gates} - NOT_CACHED


@pytest.mark.parametrize(
    "query",
    [
        GATE.format(keep="n_tool_calls > $min_calls", rows="candidates"),
        "with calls as (select trajectory_id, count(*) as n from made_calls group by trajectory_id) "
        + GATE.format(keep="n < 9", rows="candidates join calls using (trajectory_id)"),
        "with calls (trajectory_id, n) as (select trajectory_id, count(*) from made_calls group by all) "
        + GATE.format(keep="n < 9", rows="candidates semi join calls using (trajectory_id)"),
        "with ranked as (select *, row_number() over (partition by trajectory_id order by index) as n from turn_facts) "
        "select ranked.trajectory_id, max(n) < 9 as keep, 'ok' as reason, null as value "
        "from candidates left join ranked on ranked.trajectory_id = candidates.trajectory_id group by all",
        GATE.format(keep="true", rows="candidates join tasks on tasks.task_id = candidates.task_id"),
        GATE.format(keep="true", rows="(select distinct on (trajectory_id) * from turn_facts order by index)"),
    ],
)
def test_a_gate_that_reads_one_trajectory_is_cached(query: str, con: duckdb.DuckDBPyConnection) -> None:
    """A user's own gate is cached by the same rule as a shipped one."""
    assert GateAnalysis(con).is_cacheable(query)


@pytest.mark.parametrize(
    "query",
    [
        GATE.format(keep="true", rows="verdicts"),
        GATE.format(keep="true", rows="all_candidates"),
        GATE.format(keep="true", rows="main.candidates"),
        GATE.format(keep="true", rows="read_parquet('more.parquet')"),
        GATE.format(keep="trajectory_id in (select trajectory_id from verdicts)", rows="candidates"),
        GATE.format(keep="n_tokens < (select avg(n_tokens) from candidates)", rows="candidates"),
        GATE.format(keep="n_tokens < avg(n_tokens) over ()", rows="candidates"),
        GATE.format(keep="n_tokens < avg(n_tokens) over (partition by task_id)", rows="candidates"),
        GATE.format(keep="row_number() over tasks = 1", rows="candidates window tasks as (partition by task_id)"),
        GATE.format(keep="true", rows="candidates") + " limit 9",
        GATE.format(keep="true", rows="candidates using sample 9"),
        GATE.format(keep="random() < 0.5", rows="candidates"),
        GATE.format(keep="current_date > '2026-01-01'", rows="candidates"),
        GATE.format(keep="true", rows="(select distinct on (task_id) * from candidates)"),
        "select min(trajectory_id) as trajectory_id, true as keep, 'ok' as reason, null as value "
        "from candidates group by task_id",
        "with others as (select * from candidates) select candidates.trajectory_id, count(*) = 1 as keep, "
        "'ok' as reason, null as value from candidates join others on others.answer = candidates.answer group by all",
        "with lengths as (select n_tokens from candidates), mean as (select avg(n_tokens) as mean from lengths) "
        + GATE.format(keep="n_tokens < mean", rows="candidates cross join mean"),
        "with swapped (trajectory_id, other) as (select task_id, trajectory_id from candidates) "
        + GATE.format(keep="true", rows="swapped"),
        GATE.format(keep="true", rows="(select task_id as trajectory_id from candidates)"),
        GATE.format(keep="true", rows="candidates") + " union all " + GATE.format(keep="true", rows="verdicts"),
        f"{GATE.format(keep='true', rows='candidates')}; {GATE.format(keep='true', rows='candidates')}",
        "selec trajectory_id",
    ],
)
def test_a_gate_that_may_read_more_runs_in_every_refine(query: str, con: duckdb.DuckDBPyConnection) -> None:
    """A cached answer would depend on which trajectories were decided on together, or when."""
    assert not GateAnalysis(con).is_cacheable(query)
