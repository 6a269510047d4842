"""Makes the parts of a folder from a task's rows and its source tree."""

import json
import tempfile
from importlib.resources import files
from pathlib import Path

from flows.domains.contract import FolderParts
from flows.environments.resources import Resources
from flows.environments.sandbox.images.images import DEFAULTS
from flows.environments.workspace.materialise import materialise
from flows.environments.workspace.setup import read_setup
from schemas.task import Hidden, Task

WORKDIR = "/app"
TEST_SCRIPT = f"""#!/bin/bash
mkdir -p /logs/verifier
if python3 /tests/check.py {WORKDIR}; then echo 1 >/logs/verifier/reward.txt; else echo 0 >/logs/verifier/reward.txt; fi
"""
SOLUTION_SCRIPT = f'#!/bin/bash\ncp -r "$(dirname "$0")/files/." {WORKDIR}/\n'
TEST_S = 1_200.0


def folder_parts(task: Task, hidden: Hidden, resources: Resources) -> FolderParts:
    """The parts of the task's folder. Raises TreeError if its source tree cannot be had."""
    setup, goal, oracle = read_setup(task.setup), json.loads(hidden.goal or "{}"), json.loads(hidden.oracle or "{}")
    image = {one.name: one for one in (*DEFAULTS, *resources.images)}[setup.image]
    with tempfile.TemporaryDirectory(prefix="folder-", ignore_cleanup_errors=True) as place:
        tree = Path(place) / "tree"
        materialise(setup, resources.sources_folder, tree)
        content = _content(tree)
    expected = json.dumps([*goal["fail_to_pass"], *goal["pass_to_pass"]])
    tests = {f"hidden/{path}": text.encode() for path, text in goal["tests"].items()}
    checker = files(__package__).joinpath("check.py").read_bytes()
    return FolderParts(
        workdir=WORKDIR,
        files=content,
        tests={"test.sh": TEST_SCRIPT.encode(), "check.py": checker, "expected.json": expected.encode(), **tests},
        solution={"solve.sh": SOLUTION_SCRIPT.encode()}
        | {f"files/{path}": text.encode() for path, text in oracle["files"].items()},
        python=image.python,
        debian=image.debian,
        timeout_s=TEST_S,
    )


def _content(tree: Path) -> dict[str, bytes]:
    return {
        path.relative_to(tree).as_posix(): path.read_bytes()
        for path in sorted(tree.rglob("*"))
        if path.is_file() and not path.is_symlink()
    }
