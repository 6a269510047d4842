"""The run lock: two runs never share a journal, and a killed run leaves no lock behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.schedule.run_lock import RunLocked, WrongHome, refuse_other_home, run_lock

HOLD = """
import pathlib, sys, time
from flows.schedule.run_lock import run_lock
with run_lock(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_who_holds_the_home_and_a_kill_frees_it(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout and holder.stdout.readline() == b"held\n"
    with pytest.raises(RunLocked, match=str(holder.pid)), run_lock(tmp_path):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with run_lock(tmp_path):
        pass


def test_a_run_for_another_home_is_refused_and_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A night that works in the wrong home mixes two data sets, and Prefect calls it completed."""
    for name in ("mine", "theirs"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    (tmp_path / "link").symlink_to(tmp_path / "mine")
    refuse_other_home(Path(), str(tmp_path / "link"))
    with pytest.raises(WrongHome, match=f"{tmp_path}/theirs.*{tmp_path}/mine"):
        refuse_other_home(Path(), str(tmp_path / "theirs"))
    assert not list((tmp_path / "mine").iterdir())
