"""Harbor's own models read the task folders that the factory writes."""

from pathlib import Path

import pytest

from flows.domains.contract import FolderParts
from flows.tasks.folders.harbor import write_harbor_folder
from tests.doubles.lakes.wiki_tasks import wiki_task
from tests.trainers.conftest import DAY
from tests.trainers.loading import made_by, needs_trainers

pytestmark = [pytest.mark.slow, needs_trainers]


def test_harbor_reads_a_written_folder(tmp_path: Path) -> None:
    """A team that runs our tasks in Harbor sees its own errors at once, not ours after a night."""
    task = wiki_task(DAY, 1).model_copy(update={"licenses": ["MIT", 'odd "name"'], "instruction": "Mend it.\n\nNow."})
    parts = FolderParts(
        workdir="/app", files={"a.py": b"1"}, tests={"test.sh": b"#!/bin/sh\n"}, solution={"solve.sh": b"#!/bin/sh\n"},
        python=("pytest>=8",), debian=("make",), variables={"MODE": 'a "b" $c'}, timeout_s=90,
    )  # fmt: skip
    place = write_harbor_folder(task, parts, tmp_path / "out")
    [found] = made_by("atif", "harbor", tmp_path, str(place))
    assert found == {
        "name": f"horizon-factory/{task.task_id}",
        "instruction": task.instruction,
        "verifier_s": 90.0,
        "network": ["no-network", "public"],
        "workdir": "/app",
        "scripts": ["tests/test.sh", "solution/solve.sh"],
        "licenses": task.licenses,
    }
