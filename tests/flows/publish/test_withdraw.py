"""Lineage, takedowns and the comparison of releases: from a row to its pages, and from a page to every row."""

import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.publish.errors import PublishError
from flows.publish.release import run_publish
from flows.publish.views.dpo_and_rl import write_rl_tasks
from flows.publish.views.preference import write_preference
from flows.publish.withdraw import withdraw
from flows.refine.decide import count_decisions, run_refine
from flows.settings import Publish, Settings
from schemas import Document, Manifest, Release, Turn
from schemas.release import CheckedBenchmark, Student, Teacher
from sources.text.document_builder import empty_document
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake, write_records
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName
from warehouse.lineage.lineage import LineageError, find_release, print_lineage, print_release_diff, print_url_lineage
from warehouse.takedown import create_withdrawn, match_request

DAY = date(2026, 11, 20)


def released_home(home: Path) -> tuple[Settings, SmallLake]:
    """A home whose lake has one release."""
    settings = Settings(home=home, publish=Publish(to=str(home / "release")))
    made = make_small_lake(DAY, n_tasks=8)
    write_records(Lake(settings.lake), DAY, made)
    publish(settings)
    return settings, made


@pytest.fixture
def made(tmp_path: Path) -> tuple[Settings, SmallLake]:
    return released_home(tmp_path)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, SmallLake]:
    return released_home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def copied(original: tuple[Settings, SmallLake], tmp_path: Path) -> tuple[Settings, SmallLake]:
    """A copy of such a home, quicker to make; in its lake the release's location is that of the original."""
    shutil.copytree(original[0].home, tmp_path, dirs_exist_ok=True)
    return Settings(home=tmp_path), original[1]


def publish(settings: Settings) -> dict[str, int | str]:
    run_refine(settings, DAY, silent)
    return run_publish(settings, DAY, silent)


def printed(capfd: pytest.CaptureFixture[str]) -> str:
    return re.sub(r"\s+", "", capfd.readouterr().out)


def released(settings: Settings) -> list[str]:
    with connect(Lake(settings.lake)) as con:
        return [row[0] for row in con.execute("select trajectory_id from published order by 1").fetchall()]


@pytest.mark.slow
def test_a_released_row_leads_to_its_task_and_to_every_fetch_of_its_pages(
    made: tuple[Settings, SmallLake], capfd: pytest.CaptureFixture[str]
) -> None:
    """A row must be traceable to its pages to be trusted."""
    settings, lake = made
    with connect(Lake(settings.lake)) as con:
        id, shard, row = con.execute("select trajectory_id, shard, row from published").fetchall()[0]
        print_lineage(con, id[:12])
        by_id = printed(capfd)
        print_lineage(con, f"{shard}:{row}")
    assert printed(capfd) == by_id
    of_task = next(attempt.task_id for attempt in lake.trajectories if attempt.trajectory_id == id)
    task = next(task for task in lake.tasks if task.task_id == of_task)
    for hop in task.path:
        document = next(one for one in lake.documents if one.doc_id == hop.doc_id)
        assert hop.url in by_id and str(document.content_sha256) in by_id


PAGE = "http://127.0.0.1/0/0/from.html"
WORDS = list(range(40))


def _seen(url: str, status: str, **columns: Any) -> Document:
    return empty_document(url, "r", status, source="web", **columns)


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("http://old.test/a", [_seen("http://old.test/a", "redirected", redirect_url="http://old.test/b"),
                               _seen("http://old.test/b", "redirected", detail=f"to {PAGE}")]),
        ("http://print.test/1", [_seen("http://print.test/1", "ok", canonical_url=PAGE, sketch=WORDS)]),
        ("http://mirror.test/1", [_seen("http://mirror.test/1", "ok", page_key="same")]),
        ("https://www.127.0.0.1/0/0/from.html/index.html#top", []),
        ("http://127.0.0.1/0", [_seen("http://127.0.0.1/0", "collection")]),
    ],
)  # fmt: skip
def test_a_page_is_found_by_every_address_that_it_had(
    copied: tuple[Settings, SmallLake], asked: str, seen: list[Document]
) -> None:
    """An author's request names the author's address of a page, which is often not the one that was crawled."""
    settings, _ = copied
    held = _seen(PAGE, "ok", page_key="same", sketch=[*WORDS[:30], 99])
    stored = Lake(settings.lake)
    stored.write(Document, [*seen, held], stored.next_part(DAY, "crawl", Document))
    with connect(stored) as con:
        direct = match_request(con, PAGE)
        assert direct and set(match_request(con, asked)) >= set(direct)
        assert match_request(con, PAGE[:-5]) == []
        assert match_request(con, "http://unrelated.test/") == []


def test_a_folder_stands_for_the_files_below_it(
    copied: tuple[Settings, SmallLake], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """An owner withdraws a manual by its folder, of which a night may have read a part only."""
    stored = Lake(copied[0].lake)
    files = [_seen((tmp_path / "docs" / name).as_uri(), "ok") for name in ("a.md", "deep/b.md")]
    cut = _seen((tmp_path / "docs").as_uri(), "over_budget")
    stored.write(Document, [*files, cut], stored.next_part(DAY, "crawl", Document))
    with connect(stored) as con:
        print_url_lineage(con, str(tmp_path / "docs"))
        found = printed(capfd)
        assert all(one.url in found for one in files)
        print_url_lineage(con, str(tmp_path / "docs" / "deep"))
        found = printed(capfd)
        assert files[1].url in found and files[0].url not in found


@pytest.mark.slow
def test_a_page_leads_to_every_row_that_was_made_from_it_or_read_it(
    made: tuple[Settings, SmallLake], capfd: pytest.CaptureFixture[str]
) -> None:
    """A takedown must reach every row."""
    settings, lake = made
    url = lake.tasks[0].path[0].url
    touched = {turn.trajectory_id for turn in lake.turns if turn.role == "tool" and url in (turn.url, turn.observation)}
    of_tasks = {task.task_id for task in lake.tasks if url in [hop.url for hop in task.path]}
    touched |= {row.trajectory_id for row in lake.trajectories if row.task_id in of_tasks}
    with connect(Lake(settings.lake)) as con:
        told = print_url_lineage(con, url)
        assert sorted(told) == sorted(touched)
        assert print_url_lineage(con, "http://nowhere.invalid/") == []


@pytest.mark.slow
def test_a_page_leads_to_its_rows_in_every_release_and_place(
    made: tuple[Settings, SmallLake], capfd: pytest.CaptureFixture[str]
) -> None:
    """A takedown must reach every holder of a copy, not the readers of the newest release only."""
    settings, lake = made
    elsewhere = settings.model_copy(update={"publish": Publish(to=str(settings.home / ("long" * 30)))})
    publish(elsewhere)
    write_records(Lake(settings.lake), DAY, later(lake, "http://127.0.0.1/other"), seq=1)
    publish(settings)
    capfd.readouterr()
    with connect(Lake(settings.lake)) as con:
        id = lake.trajectories[0].trajectory_id
        assert id in print_url_lineage(con, lake.tasks[0].path[0].url)
        where = "select location, shard || ':' || row from published_parts join release_parts using (release_id)"
        places = con.execute(f"{where} where trajectory_id = $1", [id]).fetchall()
    told = [line.split()[-2:] for line in capfd.readouterr().out.splitlines() if id in line]
    assert sorted(told) == sorted(map(list, places)) and len(told) == 3


@pytest.mark.slow
def test_withdrawn_rows_are_in_no_later_release_and_listed_in_the_manifest(made: tuple[Settings, SmallLake]) -> None:
    """A takedown must outlast the next night."""
    settings, lake = made
    before, url = released(settings), lake.tasks[0].path[0].url
    with connect(Lake(settings.lake)) as con:
        gone = withdraw(con, Lake(settings.lake), url, "request of the author")
    with connect(Lake(settings.lake)) as con:
        assert withdraw(con, Lake(settings.lake), url, "again") == gone
    told = publish(settings)
    assert released(settings) == [id for id in before if id not in gone] != before
    manifest = json.loads((Path(str(told["location"])) / "manifest.json").read_text())
    assert [row["trajectory_id"] for row in manifest["withdrawn"]] == gone
    assert {row["reason"] for row in manifest["withdrawn"]} == {"request of the author"}
    with connect(Lake(settings.lake)) as con:
        reasons = con.execute("select reason from fates where list_contains(?, trajectory_id)", [gone]).fetchall()
    assert set(reasons) == {("withdrawn:withdrawn",)}


def later(lake: SmallLake, url: str) -> SmallLake:
    """A third attempt at every task; the last one opens a page that is not on its task's path."""
    made = make_small_lake(DAY, n_tasks=len(lake.tasks), samples=3)
    fresh = {row.trajectory_id for row in made.trajectories if row.sample == 2}
    made.turns[:] = [turn for turn in made.turns if turn.trajectory_id in fresh]
    made.turns[-2] = made.turns[-2].model_copy(update={"url": url})
    made.trajectories[:] = [row for row in made.trajectories if row.trajectory_id in fresh]
    made.verdicts[:] = [row for row in made.verdicts if row.trajectory_id in fresh]
    made.documents.clear()
    return made


@pytest.mark.slow
@pytest.mark.parametrize("by", ["url", "task", "trajectory"])
def test_a_takedown_holds_for_attempts_that_come_later(made: tuple[Settings, SmallLake], by: str) -> None:
    """A page that was taken down must not be in the release of the next week."""
    settings, lake = made
    url, task, first = lake.tasks[0].path[0].url, lake.tasks[0].task_id, lake.trajectories[0].trajectory_id
    with connect(Lake(settings.lake)) as con:
        withdraw(con, Lake(settings.lake), first, "request of the author")
        withdraw(con, Lake(settings.lake), {"url": url, "task": task, "trajectory": first}[by], "request of the author")
    publish(settings)
    fresh = later(lake, url)
    write_records(Lake(settings.lake), DAY, fresh, seq=1)
    told = publish(settings)
    again, reader = fresh.trajectories[0].trajectory_id, fresh.trajectories[-1].trajectory_id
    gone = {"url": {again, reader}, "task": {again}, "trajectory": set()}[by]
    assert {again, reader} - set(released(settings)) == gone
    manifest = json.loads((Path(str(told["location"])) / "manifest.json").read_text())
    assert {row["trajectory_id"] for row in manifest["withdrawn"]} & {again, reader} == gone
    with connect(Lake(settings.lake)) as con:
        assert count_decisions(con)["trajectories"] == 24
    assert publish(settings) == told


@pytest.mark.slow
def test_a_request_holds_at_once_for_exports_from_the_lake(tmp_path: Path) -> None:
    """Pairs and tasks come from the lake: an export must not wait for the next refine."""
    settings, out = Settings(home=tmp_path), tmp_path / "out.parquet"
    lake = make_small_lake(DAY, n_tasks=3, kinds={(n, 1): "wrong" for n in range(3)})
    write_records(Lake(settings.lake), DAY, lake)
    run_refine(settings, DAY, silent)
    with connect(Lake(settings.lake)) as con:
        assert (write_preference(con, Lake(settings.lake), 0, out, silent), write_rl_tasks(con, out)) == (3, 3)
        withdraw(con, Lake(settings.lake), lake.tasks[0].path[1].url, "request of the author")
    with connect(Lake(settings.lake)) as con:
        assert (write_preference(con, Lake(settings.lake), 0, out, silent), write_rl_tasks(con, out)) == (2, 2)


def test_a_night_without_takedowns_does_not_read_observations(tmp_path: Path) -> None:
    """Otherwise every night reads all text of the lake once more for nothing."""
    lake = Lake(tmp_path / "lake")
    made = make_small_lake(DAY, n_tasks=2)
    write_records(lake, DAY, made)
    [part] = lake.parts(Turn)
    body = part.read_bytes()
    footer = int.from_bytes(body[-8:-4], "little") + 8
    part.write_bytes(bytes(len(body) - footer) + body[-footer:])
    with connect(lake) as con:
        create_withdrawn(con)
        assert match_request(con, made.tasks[0].task_id) == sorted(row.trajectory_id for row in made.trajectories[:2])
        with pytest.raises(duckdb.Error):
            match_request(con, made.tasks[0].path[0].url)


def saying(lake: SmallLake, text: str) -> Turn:
    """An observation with this text."""
    return next(turn for turn in lake.turns if turn.role == "tool").model_copy(
        update={"index": 99, "observation": text}
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("shown", "rests"),
    [
        ("Read http://wiki.test/page1.", True),
        ("[one](http://wiki.test/page1), [ten](http://wiki.test/page10)", True),
        ('{"url": "http://wiki.test/page1"}', True),
        ("http://wiki.test/page1#history", True),
        ("**http://wiki.test/page1**", True),
        ("http://archive.test/http://wiki.test/page1/", True),
        ("http://wiki.test/page1\uff0cthen", True),
        ("[ten](http://wiki.test/page10)", False),
        ("http://wiki.test/page1.html", False),
        ("http://wiki.test/page1/notes", False),
        ("http://wiki.test/page1?version=2", False),
        ("http://wiki.test/page1_(film)", False),
        ("http://wiki.test/page1%20b", False),
    ],
)
def test_a_page_is_distinguished_from_pages_with_the_same_prefix(
    copied: tuple[Settings, SmallLake], capfd: pytest.CaptureFixture[str], shown: str, rests: bool
) -> None:
    """A takedown of page1 must not include page10 to page19, and must not miss a link."""
    settings, lake = copied
    turn, url = saying(lake, shown), "http://wiki.test/page1"
    write_records(Lake(settings.lake), DAY, SmallLake(turns=[turn]), seq=1)
    with connect(Lake(settings.lake)) as con:
        assert print_url_lineage(con, url) == [turn.trajectory_id] * rests
        assert match_request(con, url) == [turn.trajectory_id] * rests
    assert ("shown" in printed(capfd)) == rests


@pytest.mark.parametrize("name", ["", "abc", "http", "https://", "http://nowhere.invalid/", "0" * 40])
def test_a_target_without_a_match_withdraws_nothing(copied: tuple[Settings, SmallLake], name: str) -> None:
    """A typing error must not empty a release, nor look like a successful takedown."""
    settings, lake = copied
    shown = "See http://wiki.test/a and https://wiki.test/b."
    write_records(Lake(settings.lake), DAY, SmallLake(turns=[saying(lake, shown)]), seq=1)
    with connect(Lake(settings.lake)) as con, pytest.raises(PublishError, match="Nothing was withdrawn"):
        withdraw(con, Lake(settings.lake), name, "slip")


@pytest.mark.slow
def test_a_diff_lists_added_and_removed_rows_with_reasons(
    made: tuple[Settings, SmallLake], capfd: pytest.CaptureFixture[str]
) -> None:
    """The first question about changed scores is the change of the data."""
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
    assert changes.pop(gone) == ("removed", "withdrawn:withdrawn")
    assert set(changes.values()) <= {("added", "new")}
    assert "removed" in printed(capfd)


@pytest.mark.slow
def test_a_release_is_found_by_the_folder_that_commands_print(
    made: tuple[Settings, SmallLake], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Printed output must be valid input."""
    settings, _ = made
    monkeypatch.chdir(settings.home)
    with connect(Lake(settings.lake)) as con:
        [(id, location)] = con.execute("select release_id, location from releases").fetchall()
        name = Path(location).name
        latest = settings.home / "release" / "latest"
        for word in (id, name, f"release/{name}", f"release/{name}/", f"./release/{name}", location, str(latest),
            "release/latest", f"s3://bucket/sets/{name}"):  # fmt: skip
            assert find_release(con, word)["release_id"] == id
        for word in ("", "/", "release/nothing"):
            with pytest.raises(LineageError, match="0 releases"):
                find_release(con, word)


@pytest.mark.slow
def test_a_publish_between_a_takedown_and_the_next_refine_is_refused(made: tuple[Settings, SmallLake]) -> None:
    """The release would hold rows that its own manifest lists as withdrawn."""
    settings, lake = made
    gone = lake.trajectories[0].trajectory_id
    with connect(Lake(settings.lake)) as con:
        withdraw(con, Lake(settings.lake), gone, "asked to")
    with pytest.raises(PublishError, match=f"{gone}.*run `factory refine`"):
        run_publish(settings, DAY, silent)
    publish(settings)
    with connect(Lake(settings.lake)) as con:
        newest = con.execute("select trajectory_id from published join newest_release using (release_id)").fetchall()
    assert newest
    assert (gone,) not in newest


@pytest.mark.slow
def test_a_diff_of_equal_rows_names_the_changed_inputs(
    made: tuple[Settings, SmallLake], capfd: pytest.CaptureFixture[str]
) -> None:
    """`+0 rows` alone hides that every row has other columns, or that other code wrote them."""
    settings, _ = made
    with connect(Lake(settings.lake)) as con:
        [(text,)] = con.execute("select manifest from releases").fetchall()
        before = Manifest.model_validate_json(text)
        hashes = {"template_sha256": "1" * 64, "vocabulary_sha256": "2" * 64}
        student = Student(tokenizer="Qwen3.5", renderer="qwen3.5 0.1.8", **hashes)
        benchmark = CheckedBenchmark(
            name="GAIA", version=None, file="gaia.parquet", sha256="3" * 64, columns=["q"], items=1, short_items=0,
            overlapping=0,
        )  # fmt: skip
        teacher = Teacher(teacher_model="other", teacher_revision="7", renderer="r", **hashes)
        told = {"student": student, "benchmarks": [benchmark], "teachers": [teacher], "code_version": "9", "writer": ""}
        after = before.model_copy(update={**told, "release_id": "f" * 32, "name": "2026-11-21-ffffffff"})
        rows = {"rows": after.rows, "tokens": after.tokens, "published_at": before.created_at, "run_id": "2026-11-21"}
        release = Release(release_id=after.release_id, location="/elsewhere", manifest=after.text(), **rows)
        Lake(settings.lake).write(Release, [release], PartName(date(2026, 11, 21), "publish", 0))
        print_release_diff(con, before.name, after.name)
    shown = capfd.readouterr().out
    for line in (
        "+0 rows",
        "student: Qwen3.5 is new",
        "teachers: scripted is gone",
        "teachers: other 7 is new",
        "benchmarks: GAIA (gaia.parquet) is new",
        f"code: {before.code_version} -> 9",
        f"writer: {before.writer} -> unknown",
    ):
        assert line in shown
