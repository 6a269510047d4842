"""Makes tasks of tasksets: each row once, with a reply that its own reward functions are proven to reward in full.

A taskset's code is that of a stranger, and runs in the sandbox only: it lists its tasks while composing, and scores an
attempt from a hidden test script. The agent writes its reply to a file, since tests see files alone.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from flows.domains.contract import Composer, Corpus, Draft, Refused, Writer
from flows.domains.seeds import made_before
from flows.domains.task_folders.composer import sandbox_of
from flows.domains.task_folders.harbor.folder import as_json
from flows.domains.task_folders.tasksets.package import Package, read_package
from flows.domains.task_folders.world import TOOLS
from flows.environments.resources import Resources
from flows.environments.sandbox import Command, Limits, Mount, SandboxFault
from schemas.prompt import prompt
from schemas.record import sha256_text

NAME, VERSION = "taskset", "1"
WORKDIR = "/app"
MAX_TURNS = 60
BATCH = 16
"""Tasks that are listed and proven at a time."""
LOAD_S, SCORE_S = 600, 300
"""Seconds for a batch, and for the score of an attempt."""
MAX_LIST_BYTES = 64 << 20
PROGRAMS = Path(str(files(__package__))) / "inside"
TEST = "exec python3 /tests/score.py\n"
SOLUTION = "cp /solution/answer.txt answer.txt\n"


@dataclass(frozen=True)
class Row:
    """A task of a taskset that is no task here yet, or the reason why there is none."""

    number: int
    package: Package | None
    listed: Mapping[str, Any]
    resources: Resources


def candidates(corpus: Corpus) -> Iterator[Row]:
    """The tasks of the tasksets of the settings in their order, without those that became tasks in any night."""
    made, number = made_before(corpus, NAME), 0
    for folder in corpus.settings.tasksets:
        for package, listed in _listed(folder, corpus.resources):
            number += 1
            if package is None or _line(package, listed) not in made:
                yield Row(number, package, listed, corpus.resources)


def compose(row: Row, write: Writer) -> Draft:
    """The task of a row. Raises Refused."""
    listed, package = row.listed, row.package
    if package is None or "refused" in listed:
        raise Refused(str(listed["refused"]))
    packages = _packages(package)
    instruction = f"{listed['instruction']}\n\n{prompt('answer_file', 'flows.domains.task_folders').text.strip()}"
    return Draft(
        instruction=instruction,
        answer=None,
        created_at=datetime.fromtimestamp((package.path / "pyproject.toml").stat().st_mtime, UTC),
        difficulty={"number": row.number, "line": _line(package, listed), "folder": package.name},
        setup=json.dumps({"packages": packages, "files": {name: {"base64": data} for name, data in
                          listed["files"].items()}, "workdir": WORKDIR, "variables": {}, "tools": TOOLS}),
        goal=json.dumps({"tests": _tests(package, listed), "packages": packages, "timeout_s": SCORE_S, "variables": {}},
                        ensure_ascii=False),
        oracle=json.dumps({"files": {"solve.sh": SOLUTION, "answer.txt": listed["reply"]}, "variables": {}},
                          ensure_ascii=False),
        answer_form="files",
        tools=TOOLS,
        max_turns=MAX_TURNS,
    )  # fmt: skip


def _packages(package: Package) -> dict[str, list[str]]:
    return {"python": sorted(package.requirements), "debian": []}


def _tests(package: Package, listed: Mapping[str, Any]) -> dict[str, object]:
    """The hidden files: the test script, the package, and the row with the rewards of its proven reply."""
    given = {"name": package.name, "data": listed["data"], "full": listed["full"]}
    programs = {name: (PROGRAMS / name).read_text("utf-8") for name in ("grade.py", "score.py")}
    own = {f"taskset/{path}": as_json(file) for path, file in package.files.items()}
    return {"test.sh": TEST, **programs, "task.json": json.dumps(given, ensure_ascii=False), **own}


def _line(package: Package, listed: Mapping[str, Any]) -> str:
    return sha256_text(json.dumps([package.digest, listed.get("data"), listed.get("refused")]))


def _listed(folder: Path, resources: Resources) -> Iterator[tuple[Package | None, Mapping[str, Any]]]:
    """The package and each of its listed tasks, a batch at a time; a package that cannot be read is one refusal."""
    try:
        package = read_package(folder)
        first = 0
        while batch := _batch(package, resources, first):
            yield from ((package, one) for one in batch)
            first += BATCH
    except Refused as refusal:
        yield None, {"refused": str(refusal)}


def _batch(package: Package, resources: Resources, first: int) -> list[Mapping[str, Any]]:
    """So many tasks from a place on, proven in the sandbox; none behind the last. Raises Refused."""
    given = {"folder": "/taskset", "name": package.name, "first": first, "count": BATCH}
    sandbox = sandbox_of(resources, _packages(package))
    with tempfile.TemporaryDirectory(prefix="taskset-", ignore_cleanup_errors=True) as place:
        mounts = (Mount(package.path, "/taskset"), Mount(PROGRAMS, "/programs"))
        argv = ("python3", "/programs/load.py")
        limits = Limits(wall_s=LOAD_S, cpu_s=LOAD_S)
        try:
            done = sandbox.run(Command(argv, Path(place), mounts, stdin=json.dumps(given).encode(), limits=limits))
        except SandboxFault as error:
            raise Refused("no_sandbox") from error
        found = Path(place, "tasks.jsonl")
        if done.exit_code != 0 or found.is_symlink() or not found.is_file():
            raise Refused("taskset_code_failed")
        if found.stat().st_size > MAX_LIST_BYTES:
            raise Refused("folder_too_large")
        return [json.loads(line) for line in found.read_text("utf-8").splitlines()]


TASKSET = Composer(NAME, VERSION, candidates, compose)
