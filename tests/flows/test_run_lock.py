"""The run lock: two runs never share a journal, and a killed run leaves no lock behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.run_lock import RunLocked, run_lock

HOLD = """
import pathlib, sys, time
from flows.run_lock import run_lock
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
