"""The whole line against a real site and a real server process: killed anywhere, it ends with the same rows.

A failure here costs a user a night's paid work, or the trust in a count.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.doubles.nights.line_world import DAY, ROOT, Scholar, World
from tests.doubles.sites.wiki_site import wiki_site
from tests.doubles.stores.faulty_s3 import faulty
from tests.doubles.stores.s3 import seaweed
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import fake_vllm
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.damage_boundary import LakeConnection
from warehouse.integrity.lake_check import check_lake
from warehouse.lake import Lake
from warehouse.objects import place_of
from warehouse.query import run_checks

pytestmark = pytest.mark.slow

KILLS = 12
BUCKET_KILLS = 3


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    tiny.save(folder / "tokenizer")
    scholar = Scholar()
    with ExitStack() as stack:
        site = stack.enter_context(wiki_site())
        teacher = stack.enter_context(fake_vllm(reply=scholar, delay_s=0.05))
        yield World(folder, site, teacher, scholar)


@pytest.fixture(scope="module")
def undisturbed(world: World) -> Path:
    home = world.home("undisturbed")
    assert world.start(home).wait(240) == 0, (home / "log.txt").read_text()[-3000:]
    return home


def _open(home: Path) -> LakeConnection:
    return connect(Lake(home / "lake"))


def _rows(home: Path, query: str) -> list[tuple[Any, ...]]:
    with _open(home) as con:
        return con.execute(query).fetchall()


SAME = {
    "documents": "select url, doc_id, status from documents order by all",
    "tasks": "select * exclude (created_at) from tasks order by task_id",
    "turns": "select trajectory_id, index, role, content, token_ids, sampled, logprobs from turns order by all",
    "trajectories": "select * exclude (started_at, ended_at) from trajectories order by trajectory_id",
    "verdicts": "select * from verdicts order by all",
    "decisions": "select * exclude (decided_at) from decisions order by trajectory_id",
    "published": "select * from published order by trajectory_id",
}


def test_the_line_publishes_what_passed_and_every_count_adds_up(undisturbed: Path) -> None:
    fates = dict(_rows(undisturbed, "select fate, count(*) from fates group by 1"))
    assert fates["published"] > 0
    assert fates["rejected"] > 0
    assert sum(fates.values()) == 24
    with _open(undisturbed) as con:
        assert not {name: rows for name, rows in run_checks(con).items() if rows}


def test_a_released_row_leads_to_the_bytes_that_the_site_sent(world: World, undisturbed: Path, tmp_path: Path) -> None:
    """Without its raw pages, a released row cannot be audited."""
    id, urls = _rows(
        undisturbed,
        "select trajectory_id, list_transform(path, lambda hop: hop.url) from published join tasks using (task_id)",
    )[0]
    command = [sys.executable, "-c", "from flows.cli import main; main()", "lineage", id, "--raw", str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=undisturbed, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    written = {path.read_bytes() for path in tmp_path.glob("*.html")}
    for url in urls:
        assert httpx.get(url).content in written and f"{url}  {tmp_path}/" in ran.stdout
    assert b"HTTP/1.1 200 OK" in next(tmp_path.glob("*.http")).read_bytes()
    assert not list((undisturbed / "release").rglob("*.warc*"))
    (undisturbed / "lake/raw").rename(tmp_path / "away")
    lost = subprocess.run(command, cwd=undisturbed, env=environment, capture_output=True, text=True, check=False)
    (tmp_path / "away").rename(undisturbed / "lake/raw")
    assert lost.returncode == 1 and "there is no such file" in lost.stdout and "cannot be read" in lost.stderr


def _finish_killed(world: World, home: Path, most_kills: int) -> None:
    """Start the line until it ends, and kill it at random moments."""
    chance, kills = random.Random(7), 0
    while True:
        process = world.start(home)
        try:
            code = process.wait(chance.uniform(0.5, 5) if kills < most_kills else 240)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            kills += 1
            continue
        assert code == 0, (home / "log.txt").read_text()[-3000:]
        if kills >= most_kills:
            break
        kills += 1  # it ended before the kill, so the next kill hits a run with nothing left to do


def test_a_line_killed_anywhere_ends_with_the_rows_of_an_undisturbed_one(world: World, undisturbed: Path) -> None:
    home = world.home("killed")
    before = world.teacher.sampled
    _finish_killed(world, home, KILLS)
    for view, query in SAME.items():
        assert _rows(home, query) == _rows(undisturbed, query), view
    turns = _rows(home, "select count(*) from turns where role = 'assistant'")[0][0]
    assert world.teacher.sampled - before <= turns + KILLS * 4
    releases = [json.loads((path / "release/latest/manifest.json").read_text()) for path in (home, undisturbed)]
    assert releases[0]["shards"] == releases[1]["shards"]


def test_a_lake_in_a_shaky_bucket_gets_the_same_rows_and_releases(
    world: World, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kills, throttling and cut answers must not cost a row of a lake in a bucket, nor change a byte of a release."""
    with seaweed(tmp_path) as server, faulty(server.endpoint, share=0.02) as proxy:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        server.client().create_bucket(Bucket="lakes")
        home = world.home("remote", place_of("s3://lakes/night", proxy.endpoint, world.folder / "remote" / "lake"))
        try:
            _finish_killed(world, home, BUCKET_KILLS)
        finally:
            world.scholar.lakes.pop()  # the teacher of later tests reads all lakes, and its server ends here
        assert sum(count for kind, count in proxy.seen.items() if kind != "ok") > 5
        lake = Lake(place_of("s3://lakes/night", server.endpoint, home / "lake"))
        with connect(lake) as con:
            for view, query in SAME.items():
                assert con.execute(query).fetchall() == _rows(undisturbed, query), view
            assert not {name: rows for name, rows in run_checks(con).items() if rows}
        assert not check_lake(lake, silent).faults
    releases = [json.loads((path / "release/latest/manifest.json").read_text()) for path in (home, undisturbed)]
    assert releases[0]["shards"] == releases[1]["shards"]
    assert not list((home / "lake").rglob("*.parquet"))


def test_a_second_run_of_a_finished_day_changes_nothing(world: World, undisturbed: Path) -> None:
    parts = {path: path.stat().st_mtime_ns for path in (undisturbed / "lake").rglob("*.parquet")}
    asked = world.teacher.requests
    assert world.start(undisturbed).wait(240) == 0
    assert {path: path.stat().st_mtime_ns for path in (undisturbed / "lake").rglob("*.parquet")} == parts
    assert world.teacher.requests == asked


def test_two_nights_of_a_day_are_two_nights(world: World) -> None:
    """A second night that counts as done already crawls, composes and rolls out nothing."""
    home, nights = world.home("twice"), [f"{DAY}T0200", f"{DAY}T1400"]
    (home / "factory.toml").write_text((home / "factory.toml").read_text().replace("per_night = 12", "per_night = 4"))
    for night in nights:
        assert world.start(home, night).wait(240) == 0, (home / "log.txt").read_text()[-3000:]
    for record in ("documents", "tasks", "trajectories", "turns", "decisions"):
        assert _rows(home, f"select distinct run_id from {record} order by 1")[-1] == (nights[1],), record
    per_night = dict(_rows(home, "select run_id, count(*) from trajectories group by 1"))
    assert per_night == dict.fromkeys(nights, 8)
    assert len(_rows(home, "select distinct task_id from tasks")) == 8
    assert {path.parent.name for path in (home / "lake").glob("t*/date=2*/*")} == {f"date={DAY}"}
    with _open(home) as con:
        assert not {name: rows for name, rows in run_checks(con).items() if rows}


def test_the_lake_can_be_queried_while_the_line_works(world: World) -> None:
    home, answered = world.home("queried"), 0
    process = world.start(home)
    while process.poll() is None:
        rows = _rows(home, "select status, count(*) from trajectories group by 1")
        answered += bool(rows) or answered == 0
        time.sleep(0.2)
    assert process.returncode == 0, (home / "log.txt").read_text()[-3000:]
    assert answered > 0
