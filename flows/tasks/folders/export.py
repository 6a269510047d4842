"""Writes the lake's tasks as folders for other frameworks, each domain by its own description of a folder."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import duckdb

from flows.domains import domains
from flows.domains.contract import Refused
from flows.environments.resources import Resources
from flows.tasks.folders.harbor import write_harbor_folder
from schemas.task import Hidden, Task
from warehouse.connect import query
from warehouse.console.progress import ProgressCallback

BATCH = 16
LEFT_OUT = "left out: "
NO_FOLDER = "the world of the domain is no folder of files"


@dataclass(frozen=True)
class Chosen:
    """Tasks to write: of one domain or all, at most `n` of them, the newest first."""

    domain: str | None = None
    n: int | None = None


def export_folders(
    con: duckdb.DuckDBPyConnection,
    resources: Resources,
    target: Path,
    chosen: Chosen,
    report: ProgressCallback,
) -> Counter[str]:
    """Write the chosen tasks; returns counts: folders by domain, and tasks left out by LEFT_OUT and the reason.

    Raises LookupError on an unknown domain, and the errors of source trees and of the file system.
    """
    known, counts = domains(), Counter[str]()
    if chosen.domain is not None and chosen.domain not in known:
        raise LookupError(f"no domain named {chosen.domain!r}; there are: {', '.join(sorted(known))}")
    for done, (task, hidden) in enumerate(islice(_tasks(con, chosen.domain), chosen.n), 1):
        parts = known[task.domain].folder if task.domain in known else None
        try:
            if parts is None:
                raise Refused(NO_FOLDER)
            write_harbor_folder(task, parts(task, hidden, resources), target)
            counts[task.domain] += 1
        except Refused as refused:
            counts[f"{LEFT_OUT}{refused}"] += 1
        report(done, chosen.n or done)
    return counts


def _tasks(con: duckdb.DuckDBPyConnection, domain: str | None) -> Iterator[tuple[Task, Hidden]]:
    found = con.cursor().execute(query("tasks", "tasks_with_truth"), {"domain": domain})
    names = [column[0] for column in found.description]
    while rows := found.fetchmany(BATCH):
        for row in rows:
            *given, goal, oracle = row
            task = Task.model_validate(dict(zip(names[: len(given)], given, strict=True)))
            yield task, Hidden(task_id=task.task_id, goal=goal, oracle=oracle, run_id=task.run_id)
