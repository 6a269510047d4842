"""A night on a Ray cluster of three nodes is the night of one machine, also when nodes and the head are lost."""

import json
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from flows.crawl.cluster_extract import FEWEST_FILES
from flows.crawl.crawler import run_crawl
from flows.engine.check import check_engine
from flows.engine.engine import EngineError, WorkersLost
from flows.engine.open import LOG, opened_engine
from flows.publish.release import run_publish
from flows.refine.decide import run_refine
from flows.settings import Crawl, Engine, Publish, Settings, Tasks
from flows.tasks.compose import run_tasks
from flows.tasks.workers import FEWEST_TASKS
from schemas import Document, Task, Turn
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake, write_records
from tests.doubles.ray_cluster import SmallCluster, small_cluster
from tests.doubles.stores.s3 import moto
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.flows.engine.slow_work import after_a_second, no_teacher
from tests.flows.publish.test_publish import digests, latest
from tests.flows.refine.test_refine import decisions
from tests.flows.tasks.reading import rows
from tests.sources.folder.made_files import pdf
from warehouse.console.progress import silent
from warehouse.lake import Lake

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),  # the processes of three nodes and their workers share the cores of one machine
    pytest.mark.xdist_group("ray"),
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra `ray` is not installed"),
]
DAY = date(2026, 1, 2)
PARTS = 12


@pytest.fixture(scope="module")
def cluster() -> Iterator[SmallCluster]:
    with small_cluster(3) as made:
        yield made


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny.save(tmp_path_factory.mktemp("student"))


def test_a_machine_without_the_keys_of_the_lake_is_named_before_the_night(
    cluster: SmallCluster, student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables of the night's process do not reach Ray's workers: refine would fail after the paid rollout."""
    monkeypatch.chdir(tmp_path)
    here = night_settings("home", student, cluster.address)
    assert "3 workers of a Ray cluster share the home" in check_engine(here)
    with moto() as store:
        for name, value in store.environment().items():
            monkeypatch.setenv(name, value)
        store.client().create_bucket(Bucket="lake")
        place = {"lake_address": "s3://lake/night", "lake_endpoint_url": store.endpoint}
        with pytest.raises(EngineError, match=r"cannot read the lake: no credentials for s3://lake/night"):
            check_engine(here.model_copy(update=place))


def test_pdfs_that_the_cluster_extracts_have_the_rows_of_one_machine(
    cluster: SmallCluster, student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million PDFs take two days of a core; pages that depend on the machine would make other tasks."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "papers"
    folder.mkdir()
    for number in range(2 * FEWEST_FILES):
        text = f"The tide at gauge {number} rises by {number} mm a year. Write to keeper{number}@gauge.org."
        folder.joinpath(f"{number}.pdf").write_bytes(pdf([[(50, 700, 12, text)]], encrypted=number % 9 == 8))
    folder.joinpath("cut.pdf").write_bytes(b"%PDF-1.7")
    folder.joinpath("index.md").write_text("# Gauges\n\n[the first](0.pdf)")
    crawl = Crawl(folders=(folder,))
    here, there = (
        night_settings(name, student, address).model_copy(update={"crawl": crawl})
        for name, address in (("here", None), ("there", cluster.address))
    )
    found, expected = (crawled(settings) for settings in (there, here))
    assert found == expected
    assert any("redacted" in row for row in expected) and any("encrypted" in row for row in expected)
    assert (there.logs / LOG).exists(), "no cluster was opened"


def test_a_night_that_loses_a_node_is_that_of_one_machine(
    cluster: SmallCluster, student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release that depends on the number of machines, or on one that failed, cannot be made again."""
    monkeypatch.chdir(tmp_path)
    here, there = night_settings("here", student), night_settings("there", student, cluster.address)
    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(night, there)
        expected = night(here)
        cluster.lose_node(random.randrange(len(cluster.nodes)))
        found = running.result()
    assert found == expected
    assert expected["kept"] > PARTS


def test_work_goes_on_without_a_node_and_ends_with_the_head(
    cluster: SmallCluster, student: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lost share must be done again; a lost head must be an error of the step, not the end of the night's process."""
    monkeypatch.chdir(tmp_path)
    cluster.add_node()
    settings = night_settings("home", student, cluster.address)
    with opened_engine(settings) as engine:
        results = engine.spread(after_a_second, range(4 * engine.workers))
        assert next(results) == 0
        cluster.lose_node(0)
        assert list(results) == list(range(1, 4 * engine.workers))
        results = engine.spread(after_a_second, range(100))
        assert next(results) == 0
        cluster.lose_head()
        with pytest.raises(WorkersLost, match="run the same command again"):
            list(results)
    write_lake(settings)
    with pytest.raises(EngineError, match="no Ray cluster can be reached"):
        run_refine(settings, DAY, silent)
    alone = settings.model_copy(update={"engine": Engine()})
    assert run_refine(alone, DAY, silent)["trajectories"] == len(lake_rows().trajectories)


def night_settings(name: str, student: Path, address: str | None = None) -> Settings:
    """A home below the working directory, whose paths are relative as in most settings files."""
    engine = Engine(kind="ray", address=address) if address else Engine()
    tasks: dict[str, Any] = {
        "per_night": FEWEST_TASKS, "share": {"general_agentic": 1.0}, "composers": ["tool_chain"], "probes": ["canary"]
    }  # fmt: skip
    publish: dict[str, Any] = {
        "to": f"{name}/release", "validation_share": 0.3, "student": student, "student_renderer": "qwen3"
    }  # fmt: skip
    return Settings(home=Path(name), engine=engine, tasks=Tasks(**tasks), publish=Publish(**publish))


def night(settings: Settings) -> dict[str, Any]:
    """The rows and the release of a night's steps that spread."""
    run_tasks(settings, DAY, silent, no_teacher)
    composed = {row["task_id"]: json.dumps(row, default=str) for row in rows(settings.home, Task)}
    write_lake(settings)
    counts = run_refine(settings, DAY, silent)
    run_publish(settings, DAY, silent)
    caches = {path.name: path.read_bytes() for path in (settings.state).glob("*/*/*.parquet")}
    return {
        "tasks": composed,
        "decisions": decisions(Lake(settings.lake)),
        "caches": caches,
        "release": digests(latest(settings)),
        "kept": counts["kept"],
    }


def crawled(settings: Settings) -> list[str]:
    """The documents of a crawl without their times, in the order of the lake."""
    run_crawl(settings, DAY, silent)
    return [repr({**row, "fetched_at": None}) for row in rows(settings.home, Document)]


def lake_rows() -> SmallLake:
    return make_small_lake(DAY, n_tasks=2 * PARTS)


def write_lake(settings: Settings) -> None:
    """Write the attempts in many parts, each of two tasks."""
    made, lake = lake_rows(), Lake(settings.lake)
    owner = {row.trajectory_id: row.task_id for row in made.trajectories}
    for seq in range(PARTS):
        tasks = made.tasks[seq::PARTS]
        ids = {task.task_id for task in tasks}
        part = SmallLake(
            documents=made.documents[seq::PARTS],
            tasks=tasks,
            trajectories=[row for row in made.trajectories if row.task_id in ids],
            turns=[row for row in made.turns if owner[row.trajectory_id] in ids],
            verdicts=[row for row in made.verdicts if owner[row.trajectory_id] in ids],
        )
        write_records(lake, DAY, part, 100 + seq)
    assert len(lake.parts(Turn)) == PARTS
