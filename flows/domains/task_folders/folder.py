"""A task of this domain as a folder again: the files that came in, with the packages that its image was made of."""

import json
from typing import Any

from flows.domains.contract import FolderParts
from flows.domains.task_folders.harbor.folder import from_json
from flows.environments.resources import Resources
from schemas.task import Hidden, Task

Given = dict[str, str | dict[str, Any]]


def folder_parts(task: Task, hidden: Hidden, resources: Resources) -> FolderParts:
    """The parts of the folder from the rows alone."""
    setup, goal, oracle = (json.loads(text or "{}") for text in (task.setup, hidden.goal, hidden.oracle))
    return FolderParts(
        workdir=setup["workdir"],
        files=_bytes(setup["files"]),
        tests=_bytes(goal["tests"]),
        solution=_bytes(oracle["files"]),
        executable=frozenset(
            f"{group}/{name}"
            for group, stored in (("files", setup["files"]), ("tests", goal["tests"]), ("solution", oracle["files"]))
            for name, file in stored.items()
            if from_json(file).executable
        ),
        python=goal["packages"]["python"],
        debian=goal["packages"]["debian"],
        variables=setup["variables"],
        timeout_s=goal["timeout_s"],
    )


def _bytes(files: Given) -> dict[str, bytes]:
    return {name: from_json(file).data for name, file in files.items()}
