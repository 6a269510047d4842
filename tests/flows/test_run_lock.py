"""Two runs in one home would write one journal; a lock left by a killed run would stop every later one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.run_lock import RunUnderWay, exclusive

HOLD = """
import pathlib, sys, time
from flows.run_lock import exclusive
with exclusive(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_who_holds_the_home_and_a_kill_frees_it(tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout and holder.stdout.readline() == b"held\n"
    with pytest.raises(RunUnderWay, match=str(holder.pid)), exclusive(tmp_path):
        pass
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    with exclusive(tmp_path):
        pass
