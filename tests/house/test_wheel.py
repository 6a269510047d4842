"""Tests of the wheel that `pip install .` makes: it holds every file that the code reads, and needs no checkout.

An editable install reads the checkout, so no other test notices a file that the wheel lacks.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.places import CODE_ROOMS, ROOT

pytestmark = pytest.mark.slow
NOT_OF_THE_BASE = {
    "flows.publish.views.verl_dataset",
    *(f"flows.environments.mcp.{name}" for name in ("connection", "pool", "results", "serve", "world")),
}
"""Imported by a trainer, in an environment that has torch, or by a user of the extra `mcp`."""
IN_A_SANDBOX = "/inside/"
"""Folders of programs that run inside a sandbox, whose image has pytest; no module of ours imports them."""
PYTHON = os.environ.get("FACTORY_WHEEL_PYTHON", sys.executable)
"""The interpreter of the new environment: `FACTORY_WHEEL_PYTHON=python3.13` tries another version."""
SMALL_NIGHT = """
[crawl]
max_pages = 120
[tasks]
per_night = 4
"""
IMPORT_ALL = """
import importlib, json, sys
print(json.dumps([importlib.import_module(name).__file__ for name in sys.argv[1:]]))
"""


def _room_files() -> set[str]:
    """The files of the rooms that git tracks or would track, as paths under the repository."""
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        *CODE_ROOMS,
    ]
    listed = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {name for name in listed.split("\0") if name and (ROOT / name).exists()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy: a build in the checkout would add what an older build left in build/."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in [*_room_files(), "pyproject.toml", "README.md", "LICENSE"]:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(source)]
    subprocess.run(pip, check=True)
    [built] = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The programs of a new virtual environment with the wheel and its dependencies (1 GB, removed afterwards)."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([PYTHON, "-m", "venv", str(folder)], check=True)
    subprocess.run([str(folder / "bin" / "pip"), "install", "--quiet", "--no-compile", str(wheel)], check=True)
    yield folder / "bin"
    shutil.rmtree(folder)


def _run(folder: Path, *command: str | Path) -> str:
    """The output of a command in a folder, with nothing of the checkout on Python's path."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_every_file_of_the_rooms(wheel: Path) -> None:
    """A sub-folder or a kind of file that the build does not know would be left out without a word."""
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.split("/")[0] in CODE_ROOMS}
    assert held == _room_files()


@pytest.mark.timeout(900)
def test_the_installed_wheel_starts_its_command_and_writes_a_settings_file(environment: Path, tmp_path: Path) -> None:
    """The first thing that a user of `pip install .` does."""
    assert "factory" in _run(tmp_path, environment / "factory", "--help")
    _run(tmp_path, environment / "factory", "init")
    assert "[crawl]" in (tmp_path / "factory.toml").read_text("utf-8")


@pytest.mark.timeout(900)
def test_every_module_is_imported_from_the_installed_wheel(environment: Path, tmp_path: Path) -> None:
    """A dependency that only the development environment has would fail at a user's first use of the module."""
    ours = [name for name in _room_files() if name.endswith(".py") and IN_A_SANDBOX not in name]
    modules = {name.removesuffix(".py").removesuffix("/__init__") for name in ours}
    names = sorted({name.replace("/", ".") for name in modules} - NOT_OF_THE_BASE)
    files = json.loads(_run(tmp_path, environment / "python", "-c", IMPORT_ALL, *names).splitlines()[-1])
    assert [path for path in files if not Path(path).is_relative_to(environment.parent)] == []


@pytest.mark.timeout(900)
def test_the_installed_wheel_runs_the_main_job(environment: Path, tmp_path: Path) -> None:
    """A user of the wheel has no checkout: the night must crawl, sample, judge and publish with the package alone."""
    (tmp_path / "factory.toml").write_text(SMALL_NIGHT, "utf-8")
    _run(tmp_path, environment / "factory", "run")
    answer = _run(tmp_path, environment / "factory", "sql", "share_published", "--format", "json")
    assert sum(row["planned"] for row in json.loads(answer)) >= 2
    _run(tmp_path, environment / "factory", "report", "--out", "night.html")
    assert "search" in (tmp_path / "night.html").read_text("utf-8")
    assert "every count adds up" in _run(tmp_path, environment / "factory", "checks")
