"""Refine: one decision per trajectory, a reason for every refusal, the same decisions for the same inputs."""

import json
import subprocess
import sys
import time
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.refine.decide import refine, run_refine
from flows.refine.gates.gates import load_gates
from flows.settings import Refine, Settings, SettingsError
from schemas import Decision
from tests.doubles.lakes.small_lake import Kind, SmallLake, make_small_lake, write_records, write_small_lake
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName
from warehouse.query import run_checks

DAY = date(2026, 11, 20)
GATES = [gate.name for gate in load_gates(Settings())]
ALL_KINDS: dict[tuple[int, int], Kind] = {(n // 3, n % 3): kind for n, kind in enumerate(get_args(Kind))}

Row = tuple[bool, list[str], dict[str, dict[str, object]], str | None, str | None, float | None]


def factory(home: Path, **refine: object) -> Settings:
    return Settings(home=home, refine=Refine.model_validate(refine))


def decisions(lake: Lake) -> dict[str, Row]:
    with connect(lake) as con:
        rows = con.execute(
            "select trajectory_id, kept, reasons, gates, cluster_id, keeper_id, similarity from decisions"
        ).fetchall()
    return {row[0]: (row[1], row[2], json.loads(row[3]), *row[4:]) for row in rows}


def refined(home: Path, made: SmallLake, **refine: object) -> dict[str, Row]:
    settings = factory(home, **refine)
    write_records(Lake(settings.lake), DAY, made)
    run_refine(settings, DAY, silent)
    return decisions(Lake(settings.lake))


@pytest.mark.slow
def test_each_kind_of_fault_is_refused_by_its_gate(tmp_path: Path) -> None:
    made = make_small_lake(DAY, n_tasks=5, samples=3, kinds=ALL_KINDS, leaky={4})
    rows = refined(tmp_path, made)
    first = {kind: [rows[id][1][:1] for id in made.of_kind(kind) if id in rows] for kind in get_args(Kind)}
    leaky = {row.trajectory_id for row in made.trajectories if row.task_id == made.tasks[4].task_id}
    assert {tuple(rows[id][1]) for id in leaky} == {("leakage:answer_in_instruction",)}
    assert first["wrong"] == [["outcome:wrong_answer"]]
    assert first["no_calls"] == [["min_calls:few_calls"]]
    assert first["loop"] == [["loop:same_calls"]]
    assert first["broken"] == [["structure:answers_do_not_fit_calls"]]
    assert first["turn_cap"] == [["status:turn_cap"]]
    assert first["turn_cap_answered"] == [[]]
    assert first["aborted"] == first["pending"] == []


def test_every_gates_answer_is_stored(tmp_path: Path) -> None:
    """A release is a query over the stored answers of all gates."""
    made = make_small_lake(DAY, n_tasks=5, samples=3, kinds=ALL_KINDS)
    for kept, reasons, gates, *_ in refined(tmp_path, made).values():
        assert list(gates) == GATES
        refused = [f"{gate}:{answer['reason']}" for gate, answer in gates.items() if not answer["keep"]]
        assert reasons == refused
        assert kept == (not refused)


@pytest.mark.slow
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kinds=st.dictionaries(st.tuples(st.integers(0, 3), st.integers(0, 2)), st.sampled_from(get_args(Kind))),
    leaky=st.sets(st.integers(0, 3), max_size=1),
    advisory=st.sets(st.sampled_from(GATES)),
    seed=st.integers(0, 99),
)
def test_every_count_adds_up_whatever_is_in_the_lake_and_whichever_gates_decide(
    kinds: dict[tuple[int, int], Kind], leaky: set[int], advisory: set[str], seed: int
) -> None:
    """Conservation: no attempt vanishes, and none is refused without a reason of a gate that decides."""
    made = make_small_lake(DAY, n_tasks=4, samples=3, kinds=kinds, leaky=leaky, seed=seed, domains=("search", "code"))
    with TemporaryDirectory() as home:
        rows = refined(Path(home), made, advisory_gates=sorted(advisory))
        with connect(Lake(Path(home) / "lake")) as con:
            assert not {check: found for check, found in run_checks(con).items() if found}
            fates = dict(con.execute("select fate, count(*) from fates group by fate").fetchall())
    assert set(rows) == {row.trajectory_id for row in made.trajectories if row.status != "aborted"}
    for kept, reasons, *_ in rows.values():
        assert kept == (not reasons)
        assert not advisory & {reason.split(":")[0] for reason in reasons}
    assert sum(fates.values()) == made.planned()
    assert fates.get("rejected", 0) == sum(not row[0] for row in rows.values())


@pytest.mark.slow
def test_parts_order_and_threads_change_nothing(tmp_path: Path) -> None:
    """The same trajectories give the same decisions and refine_id, in any number of parts and threads."""
    made = make_small_lake(DAY, n_tasks=8, samples=3, kinds=ALL_KINDS)
    results = set()
    for place, (pieces, threads) in enumerate([(1, 1), (1, 4), (7, 4), (3, 2)]):
        settings = factory(tmp_path / str(place))
        lake = Lake(settings.lake)
        for piece in range(pieces):
            some = [id for id in sorted(made.kinds, reverse=pieces > 3) if hash_of(id) % pieces == piece]
            write_records(lake, DAY, only(made, some, with_tasks=piece == 0), piece)
        with connect(lake, threads=threads) as con:
            refine_id, fresh = refine(con, lake, settings, DAY, silent)
        assert fresh
        results.add((refine_id, json.dumps(decisions(lake), sort_keys=True)))
    assert len(results) == 1


def hash_of(id: str) -> int:
    return int(id[:8], 16)


def only(made: SmallLake, ids: list[str], *, with_tasks: bool) -> SmallLake:
    """The records of some attempts, in the order of the ids."""
    turns = [turn for id in ids for turn in made.turns if turn.trajectory_id == id]
    rows = [row for id in ids for row in made.trajectories if row.trajectory_id == id]
    verdicts = [verdict for id in ids for verdict in made.verdicts if verdict.trajectory_id == id]
    return SmallLake(made.documents if with_tasks else [], made.tasks if with_tasks else [], rows, turns, verdicts)


@pytest.mark.slow
def test_a_second_refine_of_the_same_lake_writes_nothing(tmp_path: Path) -> None:
    settings = factory(tmp_path)
    lake = Lake(settings.lake)
    write_small_lake(lake, DAY)
    first = run_refine(settings, DAY, silent)
    assert run_refine(settings, date(2026, 11, 21), silent) == first
    assert len(lake.parts(Decision)) == 1


@pytest.mark.slow
def test_new_rows_verdicts_or_parameters_decide_anew_on_all(tmp_path: Path) -> None:
    settings = factory(tmp_path)
    lake = Lake(settings.lake)
    made = write_small_lake(lake, DAY)
    ids = {run_refine(settings, DAY, silent)["refine_id"]}
    ids.add(run_refine(factory(tmp_path, min_calls=9), DAY, silent)["refine_id"])
    assert not any(kept for kept, *_ in decisions(lake).values())
    more = write_small_lake(lake, date(2026, 11, 21), seed=7)
    ids.add(run_refine(settings, date(2026, 11, 21), silent)["refine_id"])
    assert set(decisions(lake)) == set(made.kinds) | set(more.kinds)
    spoilt = [verdict.model_copy(update={"passed": False}) for verdict in made.verdicts]
    lake.write(type(spoilt[0]), spoilt, PartName(DAY, "rollout", 0))
    ids.add(run_refine(settings, DAY, silent)["refine_id"])
    assert {reasons[0] for id, (_, reasons, *_) in decisions(lake).items() if id in made.kinds} == {
        "outcome:wrong_answer"
    }
    assert len(ids) == len(lake.parts(Decision)) == 4


def test_an_unknown_gate_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nonsense"):
        run_refine(factory(tmp_path, advisory_gates=["nonsense"]), DAY, silent)


def test_an_empty_lake_gives_no_decisions(tmp_path: Path) -> None:
    settings = factory(tmp_path)
    assert run_refine(settings, DAY, silent)["trajectories"] == 0
    assert Lake(settings.lake).parts(Decision) == []
    assert settings.warehouse.exists()


KILLED = """
import sys
from datetime import date
from pathlib import Path
from flows.refine.decide import run_refine
from flows.settings import Settings
from warehouse.console.progress import silent
run_refine(Settings(home=Path(sys.argv[1])), date(2026, 11, 20), silent)
"""


@pytest.mark.slow
def test_a_killed_refine_leaves_all_decisions_or_none(tmp_path: Path) -> None:
    """The rows of a refine are one part: a reader never mixes two refines, nor reads half of one."""
    settings = factory(tmp_path)
    lake = Lake(settings.lake)
    write_small_lake(lake, DAY)
    for moment in ("start", "write"):
        child = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)])
        seen = lake.root / "decision" / ("." if moment == "start" else "date=2026-11-20")
        while child.poll() is None and not (seen.exists() and any(seen.iterdir())):
            time.sleep(0.001)
        child.kill()
        child.wait()
        assert len(decisions(lake)) in (0, 12)
    run_refine(settings, DAY, silent)
    assert len(decisions(lake)) == 12
    assert len(lake.parts(Decision)) == 1
