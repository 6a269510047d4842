"""The gate cache: answers are computed once, again when they are no longer valid, and never stale."""

import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.refine.background_prepare import prepare
from flows.refine.decide import run_refine
from flows.refine.dedupe.sketch import open_sketch, sketch_parts
from flows.refine.gates.cached_gates import (
    answer_cached_gates,
    make_gate_tables,
    open_cached_gates,
    select_all_candidates,
)
from flows.refine.gates.candidates import make_candidates
from flows.refine.gates.gates import Gate, load_gates, run_gates
from flows.refine.gates.parameters import bind_parameters
from flows.settings import Refine, Settings
from schemas import Trajectory, Turn
from tests.doubles.lakes.small_lake import make_small_lake, write_records, write_small_lake
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName

DAY, NEXT = date(2026, 11, 20), date(2026, 11, 21)


def cache_files(settings: Settings) -> dict[str, int]:
    """Every cache file of answers, and its time of writing."""
    return {path.name: path.stat().st_mtime_ns for path in (settings.state / "gate_cache").glob("*/*.parquet")}


def decided(settings: Settings, day: date = DAY) -> list[tuple[Any, ...]]:
    run_refine(settings, day, silent)
    with connect(Lake(settings.lake)) as con:
        return con.execute(
            "select * exclude (decided_at, refine_id, run_id, date) from decisions order by trajectory_id"
        ).fetchall()


def fresh(settings: Settings, home: Path) -> list[tuple[Any, ...]]:
    """The decisions of a refine on a copy of the lake without decisions and caches."""
    shutil.copytree(settings.lake, home / "lake", ignore=shutil.ignore_patterns("decision"))
    return decided(Settings(home=home, refine=settings.refine))


@pytest.mark.slow
def test_a_second_night_computes_answers_on_new_parts_only(tmp_path: Path) -> None:
    """The time of a refine must not grow with the nights before."""
    settings = Settings(home=tmp_path / "home")
    write_small_lake(Lake(settings.lake), DAY)
    decided(settings)
    before = cache_files(settings)
    write_small_lake(Lake(settings.lake), NEXT, seed=7)
    both = decided(settings, NEXT)
    after = cache_files(settings)
    assert {name: after[name] for name in before} == before
    assert len(after) == len(before) + 1
    assert both == fresh(settings, tmp_path / "fresh")


@pytest.mark.slow
@pytest.mark.parametrize(
    "changed",
    [
        {"loop_repeats": 90},
        {"min_calls": 7, "min_turns": 3},
        {"advisory_gates": ["loop", "min_calls"]},
        {"benchmark_mirrors": ["127.0.0.1/0/1"]},
    ],
)
def test_other_settings_decide_as_without_a_cache(changed: dict[str, Any], tmp_path: Path) -> None:
    """An answer under yesterday's settings must not count under today's."""
    settings = Settings(home=tmp_path / "home")
    write_small_lake(
        Lake(settings.lake), DAY, n_tasks=3, samples=3, kinds={(0, 1): "loop", (1, 1): "near_copy", (2, 2): "no_calls"}
    )
    usual = decided(settings)
    other = settings.model_copy(update={"refine": Refine(**changed)})
    found = decided(other)
    assert found != usual
    assert found == fresh(other, tmp_path / "fresh")
    assert decided(settings) == usual


@pytest.mark.slow
def test_an_attempt_with_a_new_record_gets_new_answers(tmp_path: Path) -> None:
    """A stale answer would release it for an answer that it no longer has."""
    settings = Settings(home=tmp_path)
    lake = Lake(settings.lake)
    made = make_small_lake(DAY, n_tasks=2)
    write_records(lake, DAY, made)
    decided(settings)
    blank = made.trajectories[0].model_copy(update={"answer": " "})
    lake.write(Trajectory, [blank, *made.trajectories[1:]], PartName(DAY, lake.parts(Trajectory)[0].stem[11:-7], 0))
    settings = settings.model_copy(update={"refine": Refine(min_turns=2)})
    [decision] = [row for row in decided(settings) if row[0] == blank.trajectory_id]
    assert "status:no_answer" in decision[2]


@pytest.mark.slow
def test_an_attempt_with_turns_in_two_parts_is_judged_on_all_of_them(tmp_path: Path) -> None:
    """Half of its turns must not be judged as if they were all."""
    settings = Settings(home=tmp_path)
    lake = Lake(settings.lake)
    made = make_small_lake(DAY, n_tasks=2)
    write_records(lake, DAY, made)
    [whole] = {turn.trajectory_id for turn in made.turns[:1]}
    mine = [turn for turn in made.turns if turn.trajectory_id == whole]
    name = lake.parts(Turn)[0].stem[11:-7]
    lake.write(Turn, [turn for turn in made.turns if turn not in mine[5:]], PartName(DAY, name, 0))
    lake.write(Turn, mine[5:], PartName(DAY, name, 9))
    settings_after = settings.model_copy(update={"refine": Refine(min_turns=2)})
    [halves] = [row for row in decided(settings_after) if row[0] == whole]
    write_records(Lake(tmp_path / "other" / "lake"), DAY, made)
    [whole_part] = [
        row for row in decided(Settings(home=tmp_path / "other", refine=Refine(min_turns=2))) if row[0] == whole
    ]
    assert halves == whole_part


@pytest.mark.slow
def test_turns_prepared_before_their_record_landed_are_answered_by_refine(tmp_path: Path) -> None:
    """Turns land before the record: an attempt prepared in between still needs the answers of all gates."""
    settings = Settings(home=tmp_path / "home")
    lake = Lake(settings.lake)
    made = make_small_lake(DAY, n_tasks=2)
    write_records(lake, DAY, made)
    record = lake.parts(Trajectory)[0]
    aside = record.rename(tmp_path / "aside")
    prepare(settings)
    prepared = cache_files(settings)
    aside.rename(record)
    assert decided(settings) == fresh(settings, tmp_path / "fresh")
    assert cache_files(settings) == prepared


@pytest.mark.slow
def test_shares_prepare_the_same_bytes_as_one_process(tmp_path: Path) -> None:
    """Processes or machines take one share each: together they prepare every part exactly once."""
    whole, spread = Settings(home=tmp_path / "whole"), Settings(home=tmp_path / "spread")
    for seq in range(7):
        write_records(Lake(whole.lake), DAY, make_small_lake(DAY, n_tasks=2, samples=2, seed=seq), seq)
    shutil.copytree(whole.lake, spread.lake)
    assert prepare(whole) == (7, 7)
    counts = [prepare(spread, share=(which, 3), threads=1) for which in (3, 1, 2)]
    assert sum(parts for _, parts in counts) == 7
    assert all(prepared == parts for prepared, parts in counts)
    assert prepare(spread) == (0, 7)
    assert _bytes(spread) == _bytes(whole)
    assert decided(spread) == decided(whole)


def _bytes(settings: Settings) -> dict[str, bytes]:
    return {str(path.relative_to(settings.state)): path.read_bytes() for path in settings.state.glob("*/*/*.parquet")}


def test_a_gate_that_is_not_cached_reads_the_calls_of_all_candidates(tmp_path: Path) -> None:
    """Its tables must not be those of the last batch of the cached gates."""
    settings = Settings(home=tmp_path)
    lake = Lake(settings.lake)
    for seq in range(2):
        write_records(lake, DAY, make_small_lake(DAY, n_tasks=2, seed=seq), seq)
    text = (
        "select candidates.trajectory_id, any_value(truth is not null) as keep, 'ok' as reason, "
        "(select count(*) from turn_texts) + count(call_hash) as value from candidates "
        "left join made_calls using (trajectory_id) left join ground_truths using (trajectory_id) group by all"
    )
    own = Gate("own", 35, text, decides=True)
    with connect(lake) as con:
        parameters = bind_parameters(con, settings)
        make_candidates(con, "all_candidates")
        select_all_candidates(con)
        sketch = open_sketch(con, tmp_path / "sketches", parameters)
        parts = sketch_parts(con, lake, sketch, silent)
        cached = open_cached_gates(con, tmp_path / "cache", [own, *load_gates(settings)], sketch, parameters)
        assert own not in cached.gates
        answer_cached_gates(con, cached, sketch, parts, silent)
        make_gate_tables(con, [own], parts)
        run_gates(con, [own], parameters, silent)
        found = con.execute(
            "select trajectory_id, value from answers where gate = 'own' and keep order by 1"
        ).fetchall()
        turns = con.execute("select count(*) from turns").fetchall()[0][0]
        calls = con.execute("select trajectory_id, n_tool_calls + $1 from trajectories order by 1", [turns]).fetchall()
    assert found == calls
