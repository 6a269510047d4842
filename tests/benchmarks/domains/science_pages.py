"""Measures studies over crawled pages: truths against a reading of its own, twins, lengths, and how policies fare.

The pages are those of the region wiki with units, written into the lake. Python's documentation states too few numbers
beside words: `thin_refused` is the share of candidates that are refused there, with reasons (smoke: pages of prose).
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from flows.environments.sandbox import unavailable
from flows.settings import Settings, Tasks
from schemas import Document, Hidden, Task
from tests.benchmarks.domains.rehearsed import NAMES, Size, rehearsed
from tests.benchmarks.domains.science import near_duplicates, small_image
from tests.benchmarks.domains.search import python_docs, twins
from tests.benchmarks.domains.seeded import DAY, compose
from tests.benchmarks.figure import Figure, MissingTool, share
from tests.doubles.sites.surveyed_wiki import surveyed, write_surveyed_wiki
from tests.flows.domains.science.page_checker import PageChecker
from tests.flows.tasks.reading import rows
from warehouse.lake import Lake, PartName


class Sizes(NamedTuple):
    """Pages of the wiki, tasks checked, the size of the rehearsal, and whether the thin corpus is a real one."""

    pages: int
    checked: int
    rehearsal: Size
    real: bool


FULL = Sizes(2_100, 300, Size(30, (), explorer=True, qwen3=True), real=True)
SMOKE = Sizes(130, 2, Size(1, ("plain",), explorer=False, qwen3=False), real=False)
OWN = ("checked", "wrong", "twins", "near_duplicates", "same_path", "thin_refused")
PREFIX = "domains.science.pages"
FIGURES = tuple(f"{PREFIX}.{name}" for name in (*OWN, *NAMES))


def figures(size: Sizes) -> Iterator[Figure]:
    """All figures; MissingTool on a machine without a sandbox, or without the documentation."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        yield from _checked(home / "checked", size)
        yield Figure(f"{PREFIX}.thin_refused", _thin(home / "thin", size), "share", _thin_name(size))
        if reason := unavailable():
            raise MissingTool(reason, "FACTORY_REQUIRE_SANDBOX")
        write_surveyed_wiki(Lake(home / "lake"), DAY, size.pages)
        yield from rehearsed("science", PREFIX, size.rehearsal, home, _of_pages)


def _checked(home: Path, size: Sizes) -> Iterator[Figure]:
    write_surveyed_wiki(Lake(home / "lake"), DAY, size.pages)
    compose(_settings(home, size.checked), DAY)
    tasks, checker = [Task.model_validate(one) for one in rows(home, Task)], PageChecker(home / "lake")
    goals = {one["task_id"]: Hidden.model_validate(one) for one in rows(home, Hidden)}
    wrong = sum(not checker.agrees(one.instruction, str(goals[one.task_id].goal)) for one in tasks)
    yield Figure(f"{PREFIX}.checked", len(tasks), "tasks", "every step read by a checker of its own")
    yield Figure(f"{PREFIX}.wrong", share(wrong, len(tasks), "no study was composed"), "share", f"{len(tasks)} tasks")
    alike = twins(
        [{"composer": one.composer, "instruction": one.instruction, "evidence": one.evidence} for one in tasks]
    )
    yield Figure(f"{PREFIX}.twins", alike, "share", f"{len(tasks)} tasks")
    near = near_duplicates([one.instruction for one in tasks])
    yield Figure(
        f"{PREFIX}.near_duplicates", round(near, 4), "share", "half of their words alike, whatever their pages"
    )
    paths = {tuple(one.evidence) for one in tasks}
    yield Figure(f"{PREFIX}.same_path", 1 - len(paths) / len(tasks), "share", f"{len(tasks)} tasks")


def _thin(home: Path, size: Sizes) -> float:
    """The share of candidates that a corpus without numbers refuses."""
    if size.real:
        python_docs(home)
    else:
        prose = (one for one in surveyed(DAY, size.pages) if "| --- |" not in (one.text or ""))
        Lake(home / "lake").write(Document, prose, PartName(DAY, "prose", 0))
    counts = compose(_settings(home, 5), DAY)
    return share(int(counts["refused"]), int(counts["candidates"]), "no candidate was offered")


def _thin_name(size: Sizes) -> str:
    return "python3-doc" if size.real else "pages of prose"


def _settings(home: Path, n: int) -> Settings:
    return Settings(home=home, tasks=Tasks(per_night=n, composers=["page_study"], probes=[]))


def _of_pages(settings: Settings) -> Settings:
    tasks = Tasks.model_validate(settings.tasks.model_dump(exclude_unset=True) | {"composers": ["page_study"]})
    return small_image(settings.model_copy(update={"tasks": tasks}))
