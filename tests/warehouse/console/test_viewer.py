"""`factory show` and `factory stats`: every part of a trajectory is printed, and hostile text stays inert."""

import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.doubles.lakes.small_lake import make_small_lake, write_decisions, write_records
from warehouse.connect import connect
from warehouse.console.plots import bar
from warehouse.console.stats import print_stats
from warehouse.console.terminal import visible
from warehouse.console.viewer import ViewerError, print_trajectory
from warehouse.lake import Lake
from warehouse.report.picture import PictureError, save_horizon

DAY = date(2026, 11, 20)


def show(lake: Lake, id: str, capfd: pytest.CaptureFixture[str], *, full: bool = False) -> str:
    with connect(lake) as con:
        print_trajectory(con, id, full=full)
    return re.sub(r"\s+", " ", capfd.readouterr().out)


def test_a_trajectory_shows_task_turns_verdicts_and_decision(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made, lake = make_small_lake(DAY, n_tasks=2), Lake(tmp_path)
    write_records(lake, DAY, made)
    attempt = made.trajectories[0]
    write_decisions(lake, DAY, made, {attempt.trajectory_id: ["loop:same_calls"]})
    printed = show(lake, attempt.trajectory_id[:12], capfd)
    task = made.tasks[0]
    for expected in (task.instruction, str(task.answer), "exact_match", "rejected: loop:same_calls", "→ search({"):
        assert re.sub(r"\s+", " ", expected) in printed
    assert printed.count(" tool · ") == attempt.n_tool_calls


def test_text_of_pages_and_models_is_printed_as_plain_text(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A crawled page cannot recolour, overwrite or retitle the terminal of a reader."""
    made, lake = make_small_lake(DAY, n_tasks=1, samples=1), Lake(tmp_path)
    hostile = "\x1b]0;owned\x07 \x1b[2J [red]not markup[/red] [/nothing] \u202e \x9b31m"
    made.turns[3] = made.turns[3].model_copy(update={"observation": hostile, "url": f"http://x/{hostile}"})
    made.turns[2] = made.turns[2].model_copy(update={"tool_calls": f"not json {hostile}"})
    write_records(lake, DAY, made)
    printed = show(lake, made.trajectories[0].trajectory_id, capfd)
    assert not set(printed) & set("\x1b\x07\u202e\x9b")
    assert "[red]not markup[/red] [/nothing]" in printed


def test_long_text_is_shortened_without_full(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made, lake = make_small_lake(DAY, n_tasks=1, samples=1), Lake(tmp_path)
    made.turns[3] = made.turns[3].model_copy(update={"observation": "x" * 5_000 + " the end"})
    write_records(lake, DAY, made)
    id = made.trajectories[0].trajectory_id
    assert "the end" not in show(lake, id, capfd)
    assert "the end" in show(lake, id, capfd, full=True)


def test_a_tasks_id_lists_its_attempts(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    made, lake = make_small_lake(DAY, kinds={(0, 1): "pending"}), Lake(tmp_path)
    write_records(lake, DAY, made)
    printed = show(lake, made.tasks[0].task_id, capfd)
    assert "not_refined" in printed
    assert "pending" in printed


def test_statistics_fit_eighty_columns(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a terminal of 80 columns a table must stay a table, with every domain's longest names in it."""
    monkeypatch.setenv("COLUMNS", "80")
    domains = ("instruction_following", "scientific_agentic", "ml_engineering")
    lake = Lake(tmp_path)
    write_records(lake, DAY, make_small_lake(DAY, domains=domains))
    with connect(lake) as con:
        print_stats(con)
    lines = capfd.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    tables = ("Funnel", "Trajectories", "Turns", "Tools", "How attempts ended", "What limits length")
    heads = [number for number, line in enumerate(lines) if line.strip().startswith(tables)]
    assert len(heads) == len(tables)
    for head in heads:
        assert any(line.strip(" ┃").startswith("domain ") and len(line.split()) > 4 for line in lines[head : head + 6])


@pytest.mark.parametrize("id", ["nothing", "", "%", "' or 1=1"])
def test_an_id_without_a_match_is_refused(id: str, tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    write_records(lake, DAY, make_small_lake(DAY))
    with connect(lake) as con, pytest.raises(ViewerError, match="no trajectory with id"):
        print_trajectory(con, id)


def test_statistics_print_over_any_lake_and_save_a_picture(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lake = Lake(tmp_path / "lake")
    with connect(lake) as con:
        print_stats(con)
        save_horizon(con, tmp_path / "empty.svg")
        write_records(lake, DAY, make_small_lake(DAY, domains=("search", "a<b&c")))
        print_stats(con)
        save_horizon(con, tmp_path / "horizon.svg")
        save_horizon(con, tmp_path / "horizon.png")
        with pytest.raises(PictureError, match=r"\.svg"):
            save_horizon(con, tmp_path / "horizon.bmp")
    printed = capfd.readouterr().out
    for title in ("Funnel", "Trajectories", "Turns", "Tools", "of the goal of 44,000", "What limits length"):
        assert title in printed
    for name in ("empty", "horizon"):
        ElementTree.parse(tmp_path / f"{name}.svg")
    assert "a&lt;b&amp;c" in (tmp_path / "horizon.svg").read_text()
    assert (tmp_path / "horizon.png").read_bytes().startswith(b"\x89PNG")


def test_bars_and_the_numbers_of_invisible_characters() -> None:
    assert bar(0, 8) == ""
    assert bar(1, 8) == "█" * 8
    assert bar(1 / 16, 8) == "▌"
    assert visible("a\tb\nc\x00\ud800") == "a\tb\nc\\x00\\xd800"
