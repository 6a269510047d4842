"""Measures search over many pages: composing, policies, lengths, twins, and truths against a reading of its own.

The corpora are Debian's documentation of Python (python3-doc, downloaded if it is not installed) and a MediaWiki with
generated pages, crawled over its API. Of both, the worse figure is printed, with each corpus beside it; smoke takes a
few such pages alone, written into the lake.
"""

import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, NamedTuple

from flows.crawl.crawler import run_crawl
from flows.domains import domain
from flows.domains.search.sets.compose import SET_COMPOSERS
from flows.rollout.rehearsal.rehearse import rehearse
from flows.settings import Crawl, Settings, Tasks
from flows.settings import Teacher as TeacherSettings
from schemas import Task
from sources.index.library import Library
from tests.benchmarks.domains.seeded import DAY, compose, lengths, qwen3, shares
from tests.benchmarks.figure import Figure, MissingTool, share
from tests.doubles.sites.mediawiki import CODE, running_wiki
from tests.doubles.sites.region_mediawiki import write_region_pages
from tests.doubles.sites.region_wiki import write_region_wiki
from tests.flows.domains.search.checker import Checker, names
from tests.flows.tasks.reading import rows
from warehouse.console.progress import silent
from warehouse.lake import Lake

INSTALLED = Path("/usr/share/doc")
PACKAGE = "python3-doc"
"""Depends on the package of one version, which holds the pages."""
TWIN = 0.7
"""Share of common runs of three words, of all, from which two instructions are twins."""
WORSE: dict[str, Callable[..., float]] = {
    "wrong": max, "first_search": max, "oracle": min, "explorer": max, "shortcuts": max, "calls_median": min,
    "explorer_calls": min, "tokens_mean": min, "twins": max,
}  # fmt: skip
NONE = "no task was composed of a corpus"
FIGURES = tuple(f"domains.search.{name}" for name in ("tasks_per_min", "checked", *WORSE))


class Size(NamedTuple):
    """Pages of the wiki that times composing, tasks composed there, tasks checked and rehearsed of each corpus."""

    pages: int
    timed: int
    wiki: int
    checked: int
    rehearsed: int
    whole: bool
    """True with a MediaWiki, Python's documentation and Qwen3's tokenizer."""


FULL, SMOKE = Size(5_000, 250, 2_100, 1_000, 30, whole=True), Size(130, 2, 130, 2, 1, whole=False)


def figures(size: Size) -> Iterator[Figure]:
    """All figures; MissingTool without MediaWiki, or without the documentation and a way to download it."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        yield Figure(
            "domains.search.tasks_per_min", _tasks_per_min(size, home), "1/min", f"{size.pages} pages, facts read"
        )
        corpora = (
            {"mediawiki": _mediawiki(home / "wiki", size.wiki), "python3-doc": python_docs(home / "python")}
            if size.whole
            else {"wiki": _wiki(home / "wiki", size.wiki)}
        )
        tokenizer = qwen3(home) if size.whole else None
        measured = {name: _measured(at, size, tokenizer) for name, at in corpora.items()}
        checked = sum(one.pop("checked") for one in measured.values())
        yield Figure("domains.search.checked", checked, "tasks", "read by a checker of its own")
        for name, worse in WORSE.items():
            beside = ", ".join(f"{corpus} {one[name]:g}" for corpus, one in measured.items())
            unit = "calls" if "calls" in name else "tokens" if "tokens" in name else "share"
            yield Figure(
                f"domains.search.{name}", round(worse(one[name] for one in measured.values()), 4), unit, beside
            )


def _settings(home: Path, n: int, tokenizer: str | None = None, **tasks: Any) -> Settings:
    chosen = Tasks(**({"per_night": n, "composers": [one.name for one in SET_COMPOSERS]} | tasks))
    return Settings(home=home, tasks=chosen, teacher=TeacherSettings(tokenizer=tokenizer))


def _tasks_per_min(size: Size, folder: Path) -> float:
    home = _wiki(folder / "timed", size.pages)
    begun = time.perf_counter()
    counts = compose(_settings(home, size.timed, probes=[]), DAY)
    return round(int(counts["composed"]) / (time.perf_counter() - begun) * 60, 1)


def _wiki(home: Path, n_pages: int) -> Path:
    write_region_wiki(Lake(home / "lake"), DAY, n_pages)
    return home


def _mediawiki(home: Path, n_pages: int) -> Path:
    """The same kind of pages, as a MediaWiki renders them and a crawl reads them."""
    if not (CODE / "api.php").exists() or shutil.which("php") is None:
        raise MissingTool("apt-get install mediawiki php-cli php-sqlite3", "FACTORY_REQUIRE_MEDIAWIKI")
    with running_wiki(home / "site") as wiki:
        write_region_pages(wiki, DAY, n_pages)
        sources = [{"kind": "mediawiki", "api": wiki.api}]
        crawl = {"sources": sources, "allow_addresses": ["127.0.0.1"], "max_pages": 2 * n_pages, "keep_raw": False}
        run_crawl(Settings(home=home, crawl=Crawl.model_validate(crawl)), DAY, silent)
    return home


def python_docs(home: Path) -> Path:
    """The documentation as the folder source reads it, without the sources of its pages."""
    html = next(iter(INSTALLED.glob("python3.*/html")), None) or _downloaded(home / "package")
    shutil.copytree(html, home / "html", ignore=shutil.ignore_patterns("_sources", "_static", "_images"))
    run_crawl(Settings(home=home, crawl=Crawl(folders=[home / "html"])), DAY, silent)
    return home


def _downloaded(folder: Path) -> Path:
    folder.mkdir(parents=True)
    try:
        depends = subprocess.run(["apt-cache", "depends", PACKAGE], check=True, capture_output=True, text=True).stdout
        (versioned,) = set(re.findall(r"Depends: (python3\.\d+-doc)", depends))
        subprocess.run(["apt-get", "download", "-q", versioned], cwd=folder, check=True, capture_output=True)
        (package,) = folder.glob("*.deb")
        subprocess.run(["dpkg", "-x", package, folder], check=True, capture_output=True)
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise MissingTool(f"apt-get install {PACKAGE}", "FACTORY_REQUIRE_PYTHON_DOC") from error
    return next(folder.glob("usr/share/doc/python3.*/html"))


def _measured(home: Path, size: Size, tokenizer: str | None) -> dict[str, float]:
    compose(_settings(home, size.checked, probes=[]), DAY)
    tasks, checker = rows(home, Task), Checker(home / "lake")
    urls = {name: sheet.url for sheet in checker.sheets for name in names(sheet)}
    wrong = [task for task in tasks if checker.answer(task["composer"], task["instruction"]) != _truth(task, urls)]
    search = domain("search")
    settings = _settings(home, size.rehearsed, tokenizer)
    played = {one.engine: one for one in rehearse(settings, search, size.rehearsed, compose, silent)}
    oracle = lengths(played["oracle"], settings.state / "rehearsal" / "search" / "oracle")
    return {
        **shares(played),
        "checked": len(tasks),
        "wrong": share(len(wrong), len(tasks), NONE),
        "first_search": _first_search(home, tasks, urls),
        "calls_median": oracle["calls_median"],
        "explorer_calls": played["explorer"].calls,
        "tokens_mean": oracle["tokens_mean"],
        "twins": twins(tasks),
    }


def _truth(task: dict[str, Any], urls: dict[str, str]) -> float | set[str]:
    return float(task["answer"]) if task["answer_form"] == "number" else _urls(task, urls)


def _urls(task: dict[str, Any], urls: dict[str, str]) -> set[str]:
    return {urls[name] for name in task["answer"].split("; ")}


def _first_search(home: Path, tasks: list[dict[str, Any]], urls: dict[str, str]) -> float:
    """The share of tasks whose whole answer is in the titles that a first search shows."""
    library = Library.open(next((home / "state" / "library").iterdir()))
    asked = [task for task in tasks if task["answer_form"] != "number"]
    hits = ({hit.url for hit in library.search(task["instruction"])} for task in asked)
    return share(sum(_urls(task, urls) <= found for task, found in zip(asked, hits, strict=True)), len(tasks), NONE)


def twins(tasks: list[dict[str, Any]]) -> float:
    """The highest share of twins in a composer: tasks that share most of their evidence and of their words."""
    by_composer: dict[str, list[frozenset[str]]] = {}
    for task in tasks:
        words = re.findall(r"“[^”]+”|\w+", task["instruction"])
        runs = (" ".join(words[at : at + 3]) for at in range(len(words) - 2))
        by_composer.setdefault(task["composer"], []).append(frozenset([*task["evidence"], *runs]))
    return max(_twin_share(some) for some in by_composer.values())


def _twin_share(sets: list[frozenset[str]]) -> float:
    twins = {
        at
        for (here, one), (there, other) in combinations(enumerate(sets), 2)
        if min(len(one), len(other)) >= TWIN * max(len(one), len(other)) and len(one & other) >= TWIN * len(one | other)
        for at in (here, there)
    }
    return len(twins) / len(sets)
