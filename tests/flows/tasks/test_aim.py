"""Nights move toward tasks that are solved sometimes, by the pass rates in the lake."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.domains import composers
from flows.domains.contract import Composer
from flows.settings import Settings, Tasks
from flows.tasks.aim import LEAST, Aim, Rate, aim_of
from flows.tasks.compose import run_tasks
from tests.doubles.lakes.small_lake import make_small_lake, write_decisions, write_records
from tests.doubles.sites.small_wiki import write_small_wiki
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
BEFORE = DAY - timedelta(days=1)


def worked_lake(path: Path, wrong: int) -> Lake:
    """The lake of an earlier night whose tasks are of the composer cloze, with so many wrong attempts."""
    made, lake = make_small_lake(BEFORE, n_tasks=4), Lake(path)
    made.tasks[:] = [
        one.model_copy(update={"composer": "cloze", "difficulty": '{"knob": "2 hops"}'}) for one in made.tasks
    ]
    write_records(lake, BEFORE, made)
    answered = [row.trajectory_id for row in made.trajectories]
    write_decisions(lake, BEFORE, made, {one: ["outcome:wrong_answer"] for one in answered[:wrong]})
    return lake


def test_weights_fall_with_the_distance_to_the_band_and_never_to_zero() -> None:
    """A composer that a better teacher can now solve would never be tried again."""
    rates = {("a", ""): Rate(50, 1.0), ("b", ""): Rate(50, 0.9), ("c", ""): Rate(50, 0.5), ("d", ""): Rate(5, 0.0)}
    aim = Aim((0.2, 0.8), 20, rates)
    assert [aim.weight(name) for name in "abcde"] == [LEAST, pytest.approx(0.5), 1, 1, 1]
    assert Aim((0.0, 1.0), 20, rates).weight("a") == 1, "the band [0, 1] keeps every composer's part"


def test_candidates_of_a_level_that_is_always_solved_are_taken_less_often() -> None:
    composer = composers()["cloze"][1]
    aim = Aim((0.2, 0.8), 20, {("cloze", "easy"): Rate(99, 1.0), ("cloze", "hard"): Rate(99, 0.5)})

    def taken(knob: str) -> int:
        return sum(aim.takes(composer, knob, number, [composer]) for number in range(1_000))

    assert taken("hard") == 1_000 and 150 < taken("easy") < 250


@pytest.mark.parametrize(("wrong", "weight"), [(0, LEAST), (4, 1.0)])
def test_pass_rates_are_those_of_earlier_nights(tmp_path: Path, wrong: int, weight: float) -> None:
    lake, settings = worked_lake(tmp_path, wrong), Tasks(pass_rate_attempts=8)
    with connect(lake) as con:
        aim = aim_of(con, DAY, settings)
        assert aim.rates == dict.fromkeys((("cloze", ""), ("cloze", "2 hops")), Rate(8, 1 - wrong / 8))
        assert aim_of(con, BEFORE, settings).rates == {}, "a night that runs again would compose other tasks"
    assert aim.weight("cloze") == aim.weight("cloze", "2 hops") == weight


def test_lengths_of_attempts_are_shown_beside_the_target_of_their_domain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A target that tasks miss by far must be seen before another night is paid for."""
    made, lake = make_small_lake(BEFORE, n_tasks=4), Lake(tmp_path / "lake")
    made.tasks[:] = [one.model_copy(update={"composer": "set_count"}) for one in made.tasks]
    write_records(lake, BEFORE, made)
    write_decisions(lake, BEFORE, made, {})
    with connect(lake) as con:
        ((calls, tokens),) = con.sql("select avg(n_tool_calls), avg(n_tokens) from trajectories").fetchall()
        rate = aim_of(con, DAY, Tasks()).rates["set_count", ""]
    assert [rate.calls, rate.tokens] == pytest.approx([calls, tokens]) and calls > 0
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "factory.toml").write_text("[tasks.target.search]\ncalls = 60\n")
    shown = CliRunner().invoke(app, ["tasks", "audit", "-n", "0"]).output
    assert "60 calls" in next(line for line in shown.splitlines() if "set_count" in line and "60" in line)


def test_a_night_takes_fewer_candidates_of_a_composer_outside_the_band(tmp_path: Path) -> None:
    lake = worked_lake(tmp_path / "lake", 0)
    write_small_wiki(lake, DAY)
    given: dict[str, Any] = {"per_night": 8, "min_page_chars": 300, "composers": ["cloze", "written"]}
    settings = Settings(home=tmp_path, tasks=Tasks(**given, pass_rate_attempts=8))

    @contextmanager
    def teacher(*_: object) -> Iterator[Any]:
        yield lambda system, text: "Which place is meant?"

    counts = run_tasks(settings, DAY, silent, teacher)
    assert int(counts["refused:pass_rate_outside_band"]) > int(counts.get("cloze", 0))


def test_composers_of_equal_weight_keep_their_order() -> None:
    group: list[Composer] = [composers()["cloze"][1], replace(composers()["cloze"][1], name="other")]
    assert Aim().share(group) == 1
    assert all(Aim().takes(one, "", number, group) for one in group for number in range(50))
