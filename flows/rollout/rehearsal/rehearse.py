"""Rehearses a domain: its policies play composed tasks through the real pool, journal and tools, and are measured.

Each policy has a home of its own under `state/rehearsal`, written anew by each rehearsal, so that no row of it stands
beside trajectories of a teacher.
"""

import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from pathlib import Path

import duckdb

from flows.domains.attempt import Policy
from flows.domains.contract import Domain
from flows.environments.library import DENSE
from flows.rollout.protocol import Dialect, Teacher
from flows.rollout.rehearsal.dialect import RehearsalDialect
from flows.rollout.rehearsal.pieces import Tokenizer, open_tokenizer
from flows.rollout.rehearsal.teacher import PolicyTeacher, policy_identity
from flows.rollout.run import Factories, run_rollout
from flows.settings import Settings, Tasks
from flows.settings import Teacher as TeacherSettings
from schemas import Document, Hidden, Task
from schemas.trajectory import trajectory_id
from warehouse.connect import connect, execute, query
from warehouse.console.progress import ProgressCallback, silent
from warehouse.lake import Lake
from warehouse.objects import ObjectPath

DAY = date(2026, 1, 1)
"""The night of every rehearsal, so that it composes the same tasks again."""
IN_FLIGHT = 8
MAX_COMPLETION = 65_536
"""Tokens of one turn: a policy writes all its calls, however many."""
Compose = Callable[[Settings, date], object]
"""Composes the tasks of a night into the lake of the settings."""


class RehearsalError(Exception):
    """A domain cannot be rehearsed; the message names what it lacks."""


@dataclass(frozen=True)
class Rehearsed:
    """The figures of one policy: medians and means over its attempts."""

    domain: str
    engine: str
    """oracle, explorer or shortcut:NAME."""
    attempts: int
    solved: float
    """Share of the attempts that refine would call solved."""
    calls: float
    turns: float
    tokens_median: float
    tokens_mean: float
    tokens_p90: float
    observation_share: float
    """Share of the tokens that tools wrote."""
    seconds: float

    def as_dict(self) -> dict[str, str | float]:
        """The fields by name."""
        return asdict(self)


def engines(domain: Domain) -> dict[str, Policy]:
    """The policies of a domain by the engine's name in their rows; none without policies."""
    if domain.policies is None:
        return {}
    explorer = {"explorer": domain.policies.explorer} if domain.policies.explorer else {}
    shortcuts = {f"shortcut:{name}": policy for name, policy in domain.policies.shortcuts.items()}
    return {"oracle": domain.policies.oracle, **explorer, **shortcuts}


def rehearse(settings: Settings, domain: Domain, n: int, compose: Compose, report: ProgressCallback) -> list[Rehearsed]:
    """Compose n tasks of a domain, and play them with each of its policies.

    Raises RehearsalError for a domain without policies, or if no task could be composed.
    """
    chosen = engines(domain)
    if not chosen:
        raise RehearsalError(f"the domain {domain.name} has no policies, so nothing can play it: see GUIDE.md")
    folder, tokenizer = settings.state / "rehearsal" / domain.name, open_tokenizer(settings.teacher.tokenizer)
    shutil.rmtree(folder, ignore_errors=True)
    composed = _settings(settings, folder / "composed", domain, n)
    _link_pages(settings, composed, domain)
    compose(composed, DAY)
    found = []
    for done, (engine, policy) in enumerate(chosen.items()):
        report(done, len(chosen), engine)
        home = folder / engine.replace(":", "-")
        _copy_tasks(composed, home)
        own = _settings(settings, home, domain, n)
        _link_pages(composed, own, domain)
        found.append(_played(own, domain, engine, policy, tokenizer))
    report(len(chosen), len(chosen))
    return found


def _played(settings: Settings, domain: Domain, engine: str, policy: Policy, tokenizer: Tokenizer) -> Rehearsed:
    lake, begun = Lake(settings.lake), time.monotonic()
    with connect(lake) as con:
        tasks = [Task.model_validate(row) for row in _rows(con, "tasks")]
        hidden = [Hidden.model_validate(row) for row in _rows(con, "hidden")]
    if not tasks:
        raise RehearsalError(f"no task of the domain {domain.name} could be composed; `factory tasks audit` says why")
    truths = {one.task_id: one for one in hidden}
    briefs = {trajectory_id(task.task_id, 0): (task, truths.get(task.task_id)) for task in tasks}
    dialect = RehearsalDialect(tokenizer)
    teacher = PolicyTeacher(policy_identity(engine), policy, briefs, dialect, tokenizer)
    run_rollout(settings, DAY, silent, Factories(partial(_opened, teacher), partial(_dialect, dialect)))
    seconds = time.monotonic() - begun
    with connect(lake) as con:
        values = {"process_verifiers": settings.refine.process_verifiers}
        result = execute(con, query("rehearsal", "figures"), values)
        names = [column[0] for column in result.description]
        figures = dict(zip(names, result.fetchall()[0], strict=True))
    return Rehearsed(domain=domain.name, engine=engine, seconds=seconds, **figures)


@asynccontextmanager
async def _opened(teacher: Teacher, settings: TeacherSettings, logs: Path) -> AsyncIterator[Teacher]:
    yield teacher


def _dialect(dialect: Dialect, settings: TeacherSettings, teacher: Teacher) -> Dialect:
    return dialect


def _rows(con: duckdb.DuckDBPyConnection, view: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = con.sql(f"select * exclude (date) from {view}").to_arrow_table().to_pylist()
    return rows


def _settings(settings: Settings, home: Path, domain: Domain, n: int) -> Settings:
    """The settings of a rehearsal: one domain, one attempt per task, no limits of a night."""
    teacher = TeacherSettings(max_completion_tokens=MAX_COMPLETION)
    limits = {"processes": 1, "max_in_flight": IN_FLIGHT, "max_tokens": None, "max_hours": None}
    changed = {
        "home": home,
        "lake_address": None,
        "tasks": rehearsal_tasks(settings.tasks, domain, n),
        "teacher": teacher,
        "rollout": settings.rollout.model_copy(update=limits),
    }
    return settings.model_copy(update=changed)


def rehearsal_tasks(given: Tasks, domain: Domain, n: int) -> Tasks:
    """Settings of a night of this domain alone: by the composers that they name, or by all with their shares."""
    known = [composer.name for composer in domain.composers if composer.prompt is None]
    named = [name for name in given.composers if name in known] if "composers" in given.model_fields_set else []
    tasks = given.model_dump(exclude_unset=True, exclude={"composers"})
    tasks |= {"per_night": n, "samples": 1, "share": {domain.name: 1.0}}
    return Tasks.model_validate(tasks | ({"composers": named} if named else {}))


def _link_pages(settings: Settings, other: Settings, domain: Domain) -> None:
    """Let the other home read the pages of the home's lake and its library, where the domain needs them."""
    if not (domain.reads_pages or any(one.reads_graph for one in domain.composers)):
        return
    Lake(other.lake).write_version()
    pages = settings.lake / Document.record
    if isinstance(pages, ObjectPath):
        _download(pages, other.lake / Document.record)
    shared = {} if isinstance(pages, ObjectPath) else {pages: other.lake}
    shared |= {settings.state / name: other.state for name in ("library", DENSE)}
    for folder, place in shared.items():
        if folder.exists():
            place.mkdir(parents=True, exist_ok=True)
            (place / folder.name).symlink_to(folder.absolute())


def _download(pages: ObjectPath, folder: Path) -> None:
    """Copy the parts of a record from the bucket of its lake: a folder of it cannot be linked."""
    for part in pages.glob("*/*.parquet"):
        place = folder / part.parent.name / part.name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(part.read_bytes())


def _copy_tasks(composed: Settings, home: Path) -> None:
    Lake(home / "lake").write_version()
    for model in (Task, Hidden):
        folder = composed.lake / model.record
        if folder.exists():
            shutil.copytree(folder, home / "lake" / model.record)
