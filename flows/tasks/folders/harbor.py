"""Writes a task as a folder in Harbor's format: configuration, instruction, image, hidden tests, solution.

Keys and layout are those of harbor.models.task (package harbor 0.26, schema 1.4). A folder appears whole: it is
written under a temporary name and renamed.
"""

import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from flows.domains.contract import FolderParts
from schemas.task import Task

ORGANISATION = "horizon-factory"
PYTHON_IMAGE = "python:3.11-slim-bookworm"
SCRIPTS = ("tests/test.sh", "solution/solve.sh")
CONTEXT = "files"
"""Folder of the build context with the files of the working directory."""


def write_harbor_folder(task: Task, parts: FolderParts, target: Path) -> Path:
    """Write the folder `target/<task id>`; an older one is replaced. Returns its path."""
    target.mkdir(parents=True, exist_ok=True)
    place = target / task.task_id
    with tempfile.TemporaryDirectory(prefix=f".{task.task_id}-", dir=target) as made:
        folder = Path(made) / "folder"
        _write(folder, {"task.toml": _config(task, parts).encode(), "instruction.md": task.instruction.encode()})
        _write(folder / "environment", {"Dockerfile": _dockerfile(parts).encode()})
        _write(folder / "environment" / CONTEXT, parts.files)
        _write(folder / "tests", parts.tests)
        _write(folder / "solution", parts.solution)
        for name in {*parts.executable, *SCRIPTS}:
            above = folder / "environment" if name.startswith(f"{CONTEXT}/") else folder
            (above / name).chmod(0o755)
        if place.exists():
            shutil.rmtree(place)
        folder.rename(place)
    return place


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _config(task: Task, parts: FolderParts) -> str:
    """The configuration as TOML; a JSON string is a basic string of TOML. Test scripts may install their runner."""
    text = json.dumps
    licenses = ", ".join(text(one) for one in task.licenses or ())
    lines = [
        'schema_version = "1.4"', "",
        "[task]", f"name = {text(f'{ORGANISATION}/{task.task_id}')}", "",
        "[metadata]", f"domain = {text(task.domain)}", f"composer = {text(task.composer)}", f"licenses = [{licenses}]",
        "", "[verifier]", f"timeout_sec = {float(parts.timeout_s)}", 'network_mode = "public"', "",
        "[agent]", *([f"timeout_sec = {float(task.max_seconds)}"] if task.max_seconds else []), "",
        "[environment]", 'network_mode = "no-network"', f"workdir = {text(parts.workdir)}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _dockerfile(parts: FolderParts) -> str:
    """An image of a plain Python with the packages, and the files in the working directory."""
    lines = [f"FROM {PYTHON_IMAGE}"]
    if parts.debian:
        lines.append(f"RUN apt-get update && apt-get install -y --no-install-recommends {' '.join(parts.debian)}")
    if parts.python:
        lines.append(f"RUN pip install --no-cache-dir {' '.join(_quoted(one) for one in parts.python)}")
    lines += [f"ENV {name}={_literal(value)}" for name, value in parts.variables.items()]
    lines += [f"WORKDIR {parts.workdir}", f"COPY {CONTEXT}/ {parts.workdir}/"]
    return "\n".join(lines) + "\n"


def _quoted(requirement: str) -> str:
    return requirement if re.fullmatch(r"[\w.=-]+", requirement) else f"'{requirement}'"


def _literal(value: str) -> str:
    """A value in which Docker replaces no variable."""
    return json.dumps(value, ensure_ascii=False).replace("$", "\\$")
