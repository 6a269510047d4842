"""A repeated publish, after a kill or on another night, never doubles, tears or hides a release."""

import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from flows.publish.build.work_folder import work_folder
from flows.publish.errors import PublishRunning
from flows.publish.release import run_publish
from flows.settings import Settings
from schemas import Manifest, Published, Release, Withdrawal
from schemas.release import Latest
from tests.doubles.lakes.restored_home import RestoredHome
from tests.doubles.lakes.small_lake import make_small_lake, write_decisions, write_records
from tests.doubles.settings_variables import variables_of
from tests.flows.publish.test_publish import DAY, digests, kept_lake, latest, settings_of
from warehouse.connect import connect, sql_files
from warehouse.console.progress import silent
from warehouse.lake import Lake, PartName


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> RestoredHome:
    """A home with its first release."""
    settings = settings_of(tmp_path_factory.mktemp("published") / "home")
    kept_lake(settings)
    run_publish(settings, DAY, silent)
    return RestoredHome(settings.home)


@pytest.fixture(scope="module")
def withdrawn(tmp_path_factory: pytest.TempPathFactory) -> RestoredHome:
    """A home whose release lacks a refused and a withdrawn trajectory."""
    settings = settings_of(tmp_path_factory.mktemp("withdrawn") / "home")
    made = kept_lake(settings, refused=[0])
    order = {"target": made.trajectories[0].trajectory_id, "requested_at": datetime(2026, 1, 2, tzinfo=UTC)}
    order |= {"trajectory_id": order["target"], "reason": "takedown", "run_id": DAY.isoformat()}
    Lake(settings.lake).write(Withdrawal, [Withdrawal.model_validate(order)], PartName(DAY, "withdraw", 0))
    run_publish(settings, DAY, silent)
    return RestoredHome(settings.home)


def releases(settings: Settings) -> list[str]:
    """Names of the releases that a reader sees."""
    return sorted(path.name for path in Path(settings.publish.to).iterdir())


def lake_counts(settings: Settings) -> tuple[int, int, int]:
    """Rows of release and published in the lake, and rows that the checks on them return."""
    with connect(Lake(settings.lake)) as con:
        counts = con.execute(
            "select (select count(*) from release_parts), (select count(*) from published_parts)"
        ).fetchone()
        checks = sql_files("checks")
        broken = sum(
            len(con.execute(checks[name]).fetchall()) for name in ("conservation", "published_kept", "release_rows")
        )
    assert counts
    return counts[0], counts[1], broken


def start(settings: Settings, word: str, nth: int = 1, day: date = DAY) -> subprocess.Popen[bytes]:
    """Run a publish in a process that kills itself at its nth progress note with the beginning `word`."""
    environment = {
        **os.environ,
        "FACTORY_HOME": str(settings.home),
        **variables_of(settings.publish, "publish"),
    }
    command = [sys.executable, "-m", "tests.flows.publish.publish_killed", day.isoformat(), word, str(nth)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


def next_night(settings: Settings) -> date:
    """Another night adds six tasks, and refine keeps all trajectories."""
    day = DAY + timedelta(days=1)
    lake = Lake(settings.lake)
    first, second = make_small_lake(DAY), make_small_lake(day, seed=9)
    write_records(lake, day, second)
    for record in ("trajectories", "tasks", "turns", "verdicts", "documents"):
        getattr(second, record).extend(getattr(first, record))
    second.kinds.update(first.kinds)
    write_decisions(lake, day, second)
    return day


@pytest.mark.slow
def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    """A retry that rewrites files under a running trainer, or doubles rows, is worse than a failure."""
    settings = settings_of(tmp_path)
    kept_lake(settings)
    first = run_publish(settings, DAY, silent)
    inodes = {path: path.stat().st_ino for path in latest(settings).rglob("*")}
    before = lake_counts(settings)
    assert run_publish(settings, DAY, silent) == first
    assert run_publish(settings, DAY + timedelta(days=1), silent) == first
    assert {path: path.stat().st_ino for path in latest(settings).rglob("*")} == inodes
    assert lake_counts(settings) == before == (1, 12, 0)
    assert releases(settings) == ["2026-01-02-" + str(first["release_id"])[:8], "latest", "latest.json"]


@pytest.mark.slow
def test_another_night_makes_a_release_beside_the_first(published: RestoredHome) -> None:
    """A trainer in the middle of an epoch still reads the release that it started with."""
    settings = settings_of(published.restored())
    older = latest(settings)
    files = digests(older)
    day = next_night(settings)
    run_publish(settings, day, silent)
    newer = Manifest.model_validate_json((latest(settings) / "manifest.json").read_bytes())
    assert digests(older) == files
    assert newer.parent == Manifest.model_validate_json((older / "manifest.json").read_bytes()).release_id
    assert newer.rows == 24
    pointer = Latest.model_validate_json((older.parent / "latest.json").read_bytes())
    assert (pointer.release, pointer.release_id) == (newer.name, newer.release_id)
    assert pointer.manifest_sha256 == digests(latest(settings))["manifest.json"]
    assert lake_counts(settings) == (2, 36, 0)
    run_publish(settings, day, silent)
    assert lake_counts(settings) == (2, 36, 0)


@pytest.mark.slow
@pytest.mark.parametrize(("word", "nth"), [("gathering", 1), ("writing", 1), ("writing", 2), ("release", 1)])
def test_a_kill_leaves_the_older_release_or_the_whole_new_one(published: RestoredHome, word: str, nth: int) -> None:
    """After a crash there is a release to train on, and the next run finishes the new one."""
    settings = settings_of(published.restored())
    older, files = latest(settings), digests(latest(settings))
    day = next_night(settings)
    assert start(settings, word, nth, day).wait() < 0
    assert digests(older) == files
    assert (latest(settings) == older) == (word != "release")
    run_publish(settings, day, silent)
    assert latest(settings) != older
    assert len(releases(settings)) == 4
    assert lake_counts(settings) == (2, 36, 0)


@pytest.mark.slow
def test_kills_at_any_moment_end_in_the_release_of_an_undisturbed_run(tmp_path: Path) -> None:
    """Real crashes happen at moments that tests do not choose."""
    undisturbed, killed = settings_of(tmp_path / "calm"), settings_of(tmp_path / "killed")
    for settings in (undisturbed, killed):
        kept_lake(settings)
    run_publish(undisturbed, DAY, silent)
    started = time.monotonic()
    assert start(undisturbed, "never").wait() == 0
    whole_run = time.monotonic() - started
    for share in (0.6, 0.7, 0.8, 0.9, 0.95):
        process = start(killed, "never")
        time.sleep(whole_run * share)
        process.kill()
        process.wait()
    run_publish(killed, DAY, silent)
    assert digests(latest(killed)) == digests(latest(undisturbed))
    assert releases(killed) == releases(undisturbed)
    assert lake_counts(killed) == (1, 12, 0)


@pytest.mark.slow
def test_lake_rows_missing_after_a_kill_are_written_once(published: RestoredHome) -> None:
    """A stored release that is missing in the lake breaks the count of all attempts."""
    settings = settings_of(published.restored())
    lake = Lake(settings.lake)
    for rows_too in (False, True):
        for part in lake.parts(Release) + (lake.parts(Published) if rows_too else []):
            part.unlink()
        run_publish(settings, DAY + timedelta(days=1), silent)
        assert lake_counts(settings) == (1, 12, 0)


def test_a_pointer_that_a_kill_left_out_is_set(published: RestoredHome) -> None:
    """Readers start from the pointer, so a release without it is invisible."""
    settings = settings_of(published.restored())
    place = latest(settings)
    for name in ("latest", "latest.json"):
        (place.parent / name).unlink()
    run_publish(settings, DAY, silent)
    assert latest(settings) == place
    assert (place.parent / "latest.json").exists()


def test_a_damaged_or_deleted_release_is_restored(published: RestoredHome) -> None:
    """A truncated copy under the right name would be trusted."""
    settings = settings_of(published.restored())
    place, files = latest(settings), digests(latest(settings))
    shard = next(place.glob("data/train-*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-9])
    run_publish(settings, DAY, silent)
    assert digests(place) == files
    shutil.rmtree(place)
    run_publish(settings, DAY, silent)
    assert digests(place) == files
    assert lake_counts(settings) == (1, 12, 0)


@pytest.mark.parametrize(
    "change", [{"rows": 9_999}, {"tokens": 1}, {"gates": {}}, {"refine_id": "other"}, {"withdrawn": []}, {"shards": []}]
)
def test_a_changed_manifest_is_restored(withdrawn: RestoredHome, change: dict[str, object]) -> None:
    """A publish that points to it would vouch for wrong counts and a wrong lineage."""
    settings = settings_of(withdrawn.restored())
    place, files = latest(settings), digests(latest(settings))
    pointer = (settings.home / "release/latest.json").read_bytes()
    text = (place / "manifest.json").read_text()
    changed = Manifest.model_validate_json(text).model_copy(update=change).text()
    assert changed != text
    (place / "manifest.json").write_text(changed)
    run_publish(settings, DAY, silent)
    assert digests(place) == files
    assert (settings.home / "release/latest.json").read_bytes() == pointer


def test_two_publishers_do_not_share_a_work_folder(tmp_path: Path) -> None:
    """The second publisher would build on the first one's files."""
    settings = settings_of(tmp_path)
    kept_lake(settings)
    with (
        work_folder(Path(settings.publish.to) / ".publishing"),
        pytest.raises(PublishRunning, match="wait until it ends"),
    ):
        run_publish(settings, DAY, silent)
