"""SIGTERM ends the work like Ctrl-C, and a process does not outlive its parent."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

WORK = """
import asyncio, signal, sys, typer
if sys.argv[1] == "background":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
from flows.commands.exit import exit_after, plain_errors
from flows.schedule.interrupts import sigterm_as_interrupt
async def work():
    try:
        print("works", flush=True)
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0)
        print("ended in order", flush=True)
app = typer.Typer()
@app.command()
def command(place: str):
    with plain_errors():
        before = signal.signal(signal.SIGTERM, lambda *_: None)  # as Prefect does around a flow
        with sigterm_as_interrupt():
            asyncio.run(work())
exit_after(app)
"""


@pytest.mark.parametrize("place", ["terminal", "background"])
def test_sigterm_ends_the_work_in_order(place: str) -> None:
    """systemd stops by SIGTERM; a shell script's background process ignores Ctrl-C, but must still stop."""
    command = [sys.executable, "-c", WORK, place]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout and process.stdout.readline() == "works\n"
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (143, "ended in order\n")
    assert err == "factory: interrupted. Run the same command again to resume.\n"


PARENT = """
import subprocess, sys
code = "import time, flows.schedule.interrupts as i; i.end_with_parent(9); print('up', flush=True); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


def test_a_child_ends_with_its_killed_parent() -> None:
    """A night whose runner was killed would hold the home's lock, and every later night would be missed."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
