"""A night of general agentic tasks without pages: from an empty directory to a release, with a scripted teacher.

The teacher plays the oracle under the name `scripted`, which only a test may do: under its own name the gates and
publish refuse its rows.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from flows.domains import domain
from flows.publish.release import run_publish
from flows.refine.decide import run_refine
from flows.rollout.protocol import Identity, Teacher
from flows.rollout.rehearsal.dialect import RehearsalDialect
from flows.rollout.rehearsal.pieces import Pieces
from flows.rollout.rehearsal.teacher import CONTEXT, PolicyTeacher
from flows.rollout.run import Factories, run_rollout
from flows.settings import Publish, Settings, Tasks
from flows.tasks.compose import run_tasks
from flows.tasks.composers import needs_pages
from schemas import Hidden, Task
from schemas.trajectory import trajectory_id
from tests.flows.tasks.reading import rows
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.query import run_checks

DAY = date(2026, 1, 2)


def oracle_teacher(settings: Settings) -> Factories:
    tasks = [Task(**row) for row in rows(settings.home, Task)]
    hidden = {row["task_id"]: Hidden(**row) for row in rows(settings.home, Hidden)}
    briefs = {trajectory_id(task.task_id, 0): (task, hidden[task.task_id]) for task in tasks}
    tokenizer, policies = Pieces(), domain("general_agentic").policies
    assert policies is not None
    dialect = RehearsalDialect(tokenizer)
    identity = Identity("scripted", None, "scripted", None, CONTEXT)
    teacher = PolicyTeacher(identity, policies.oracle, briefs, dialect, tokenizer)

    @asynccontextmanager
    async def opened(*_: Any) -> AsyncIterator[Teacher]:
        yield teacher

    return Factories(opened, lambda *_: dialect)


@pytest.mark.slow
def test_a_night_of_general_agentic_ends_in_a_release(tmp_path: Path) -> None:
    tasks = Tasks(share={"general_agentic": 1}, per_night=2, samples=1)
    settings = Settings(home=tmp_path, tasks=tasks, publish=Publish(to=str(tmp_path / "release")))
    assert not needs_pages(settings)
    assert run_tasks(settings, DAY, silent, lambda *_: pytest.fail("no composer here needs a teacher"))["composed"] == 2
    counts = run_rollout(settings, DAY, silent, oracle_teacher(settings))
    assert counts["finished"] == 2
    run_refine(settings, DAY, silent)
    with connect(Lake(settings.lake)) as con:
        assert con.sql("select kept, reasons from decisions where not kept").fetchall() == []
        assert con.sql("select distinct status from task_quality").fetchall() == [("always_solved",)]
        assert {name: n for name, n in run_checks(con).items() if n} == {}
    release = run_publish(settings, DAY, silent)
    assert release["rows"] == 2 and int(release["tokens"]) > 10_000
    shards = (tmp_path / "release").rglob("data/*.parquet")
    assert {row["engine"] for shard in shards for row in pq.read_table(shard).to_pylist()} == {"scripted"}
