"""Lineage, takedowns and the comparison of releases: from a row to its pages, from a page to every row."""

import json
import re
from datetime import date
from pathlib import Path

import pytest

from flows.publish.errors import PublishError
from flows.publish.release import publish_night
from flows.publish.withdraw import withdraw
from flows.refine.decide import refine_night
from flows.settings import Publish, Settings
from tests.doubles.small_lake import SmallLake, make_small_lake, write_records
from warehouse.connect import connect
from warehouse.lake import Lake
from warehouse.lineage import LineageError, print_lineage, print_release_diff, print_url_lineage
from warehouse.progress import silent

DAY = date(2026, 11, 20)


@pytest.fixture
def made(tmp_path: Path) -> tuple[Settings, SmallLake]:
    """A lake with one release."""
    settings = Settings(home=tmp_path, publish=Publish(to=str(tmp_path / "release")))
    made = make_small_lake(DAY, n_tasks=8)
    write_records(Lake(settings.lake), DAY, made)
    publish(settings)
    return settings, made


def publish(settings: Settings) -> dict[str, int | str]:
    refine_night(settings, DAY, silent)
    return publish_night(settings, DAY, silent)


def said(capfd: pytest.CaptureFixture[str]) -> str:
    return re.sub(r"\s+", "", capfd.readouterr().out)


def released(settings: Settings) -> list[str]:
    with connect(Lake(settings.lake)) as con:
        return [row[0] for row in con.execute("select trajectory_id from published order by 1").fetchall()]


def test_a_released_row_leads_to_its_task_and_to_every_fetch_of_its_pages(
    made: tuple[Settings, SmallLake], capfd: pytest.CaptureFixture[str]
) -> None:
    """A row that nobody can trace to a page is a row that nobody can trust."""
    settings, lake = made
    with connect(Lake(settings.lake)) as con:
        id, shard, row = con.execute("select trajectory_id, shard, row from published").fetchall()[0]
        print_lineage(con, id[:12])
        by_id = said(capfd)
        print_lineage(con, f"{shard}:{row}")
    assert said(capfd) == by_id
    of_task = next(attempt.task_id for attempt in lake.trajectories if attempt.trajectory_id == id)
    task = next(task for task in lake.tasks if task.task_id == of_task)
    for hop in task.path:
        document = next(one for one in lake.documents if one.doc_id == hop.doc_id)
        assert hop.url in by_id and str(document.content_sha256) in by_id


def test_a_page_leads_to_every_row_that_was_made_from_it_or_read_it(
    made: tuple[Settings, SmallLake], capfd: pytest.CaptureFixture[str]
) -> None:
    """A takedown that misses a row is a takedown that was not obeyed."""
    settings, lake = made
    url = lake.tasks[0].path[0].url
    touched = {turn.trajectory_id for turn in lake.turns if turn.role == "tool" and url in (turn.url, turn.observation)}
    of_tasks = {task.task_id for task in lake.tasks if url in [hop.url for hop in task.path]}
    touched |= {row.trajectory_id for row in lake.trajectories if row.task_id in of_tasks}
    with connect(Lake(settings.lake)) as con:
        assert set(print_url_lineage(con, url)) == touched
        assert print_url_lineage(con, "http://nowhere.invalid/") == []


def test_what_is_withdrawn_is_in_no_later_release_and_the_manifest_says_so(made: tuple[Settings, SmallLake]) -> None:
    """Else a takedown holds until the next night."""
    settings, lake = made
    before, url = released(settings), lake.tasks[0].path[0].url
    with connect(Lake(settings.lake)) as con:
        gone = withdraw(con, Lake(settings.lake), url, "the author asked")
    with connect(Lake(settings.lake)) as con:
        assert withdraw(con, Lake(settings.lake), url, "again") == gone
    told = publish(settings)
    assert released(settings) == [id for id in before if id not in gone] != before
    manifest = json.loads((Path(str(told["location"])) / "manifest.json").read_text())
    assert [row["trajectory_id"] for row in manifest["withdrawn"]] == gone
    assert {row["reason"] for row in manifest["withdrawn"]} == {"the author asked"}
    with connect(Lake(settings.lake)) as con:
        reasons = con.execute("select reason from fates where list_contains(?, trajectory_id)", [gone]).fetchall()
    assert set(reasons) == {("withdrawn:withdrawn",)}


@pytest.mark.parametrize("name", ["", "abc", "http://nowhere.invalid/", "0" * 40])
def test_a_name_that_means_nothing_withdraws_nothing(made: tuple[Settings, SmallLake], name: str) -> None:
    """A slip of the pen must not empty a release, nor look like a takedown that was done."""
    settings, _ = made
    with connect(Lake(settings.lake)) as con, pytest.raises(PublishError, match="Nothing was withdrawn"):
        withdraw(con, Lake(settings.lake), name, "slip")


def test_two_releases_differ_by_what_came_and_went_and_why(
    made: tuple[Settings, SmallLake], capfd: pytest.CaptureFixture[str]
) -> None:
    """A trainer whose scores moved asks first what changed in the data."""
    settings, _ = made
    with connect(Lake(settings.lake)) as con:
        first = con.execute("select release_id from releases").fetchall()[0][0]
        (gone,) = withdraw(con, Lake(settings.lake), released(settings)[0], "odd")
    later = date(2026, 11, 21)
    write_records(Lake(settings.lake), later, make_small_lake(later, n_tasks=2, seed=7))
    second = str(publish(settings)["release_id"])
    with connect(Lake(settings.lake)) as con:
        print_release_diff(con, first[:10], second)
        rows = con.execute("select trajectory_id, change, reason from changes").fetchall()
        changes = {id: (change, reason) for id, change, reason in rows}
        with pytest.raises(LineageError, match="0 releases"):
            print_release_diff(con, first, "nothing")
    assert changes.pop(gone) == ("went", "withdrawn:withdrawn")
    assert set(changes.values()) <= {("came", "new")}
    assert "went" in said(capfd)
