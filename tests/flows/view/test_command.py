"""`factory view` as a person runs it: in its own process, ended with Ctrl-C."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.flows.view.viewed import write_home
from warehouse.lake import Lake


@pytest.mark.slow
def test_the_command_prints_an_address_that_opens_and_ends_without_an_error(tmp_path: Path) -> None:
    """An error at every ordinary end hides the one that matters."""
    made = write_home(Lake(tmp_path / "lake"))
    command = [sys.executable, "-c", "from flows.cli import main; main()", "view", made.tasks[1].task_id]
    settings = {name: value for name, value in os.environ.items() if not name.startswith("FACTORY_")}
    paths = {"PYTHONPATH": str(Path.cwd()), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=settings | paths, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        address = process.stdout.readline().strip()
        with httpx.Client(follow_redirects=True) as client:
            page = client.get(address)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert page.status_code == 200 and "compare side by side" in page.text
    assert (process.returncode, errors) == (0, "")
