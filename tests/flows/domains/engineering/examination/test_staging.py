"""Tests of staging: of an agent's files the solution counts, and nothing that takes part in the examination."""

import os
from pathlib import Path

import pytest

from flows.domains.engineering.examination.protected import is_protected
from flows.domains.engineering.examination.staging import Changes, lay_over
from flows.domains.engineering.suite import language
from tests.flows.domains.engineering.examination.tally import PRISTINE, File, write

PYTHON = language("python")
PROTECTED = (
    "conftest.py", "a/b/conftest.py", "tests/x.py", "pkg/test/data.txt", "pkg/test_x.py", "pkg/x_test.py", "pytest.ini",
    "setup.cfg", "pyproject.toml", "Tox.ini", "x.pth", "a/sitecustomize.py", "pkg/x.so", "pkg/__pycache__/x.pyc",
    ".hidden/x.py", "x.egg-info/entry_points.txt", "pkg/.coveragerc", "usercustomize.py", "pkg/x.zip",
    "pkg/unittest.py",
)  # fmt: skip


@pytest.mark.parametrize("path", PROTECTED)
def test_files_of_the_examination_are_protected(path: str) -> None:
    """A file that runs by itself decides a verdict before the first test."""
    assert is_protected(path, PYTHON)


@pytest.mark.parametrize("path", ["pkg/x.py", "src/pkg/contest.py", "pkg/data.json", "setup.py", "pkg/testing.py"])
def test_files_of_a_solution_are_not(path: str) -> None:
    """A bug in a protected file could never be mended."""
    assert not is_protected(path, PYTHON)


def laid(folder: Path, files: dict[str, File]) -> tuple[Changes, Path]:
    tree, agent = write(folder / "tree", PRISTINE), write(folder / "agent", PRISTINE)
    return lay_over(tree, write(agent, files), PYTHON), tree


def test_the_solution_is_laid_over(tmp_path: Path) -> None:
    """A new or removed module is part of a solution."""
    files: dict[str, File] = {
        "tally/counts.py": "1",
        "tally/deep/new.py": "2",
        "tally/__init__.py": None,
        "json.py": "3",
    }

    changes, tree = laid(tmp_path, files)

    assert changes == Changes(("tally/__init__.py", "tally/counts.py", "tally/deep/new.py"), ())
    assert (tree / "tally/deep/new.py").read_text() == "2"
    assert not (tree / "tally/__init__.py").exists()
    assert not (tree / "json.py").exists()


def test_tampering_is_listed_and_has_no_effect(tmp_path: Path) -> None:
    """A query of the lake counts how often a teacher bends its tests."""
    files: dict[str, File] = {
        "tests/test_counts.py": "", "tests/test_mine.py": "", "conftest.py": "", "pyproject.toml": None,
        "tally/__pycache__/x.pyc": b"",
    }  # fmt: skip

    changes, tree = laid(tmp_path, files)

    assert changes == Changes((), ("conftest.py", "pyproject.toml", "tests/test_counts.py"))
    assert (tree / "tests/test_counts.py").read_text() == PRISTINE["tests/test_counts.py"]


def test_links_and_odd_files_never_leave_the_workspace(tmp_path: Path) -> None:
    """A link to a file of the host would be read by the factory, which may run as root."""
    secret = write(tmp_path, {"secret.py": "password"}) / "secret.py"
    tree, agent = write(tmp_path / "tree", PRISTINE), write(tmp_path / "agent", PRISTINE)
    (agent / "tally/counts.py").unlink()
    (agent / "tally/counts.py").symlink_to(secret)
    (agent / "tally/more").symlink_to(tmp_path)
    os.mkfifo(agent / "tally/pipe.py")
    (agent / "tally/huge.py").write_bytes(b"#" * (5 << 20))
    (agent / "tally/__init__.py").unlink()
    (agent / "tally/__init__.py").mkdir()
    (agent / "tally/__init__.py/x.py").write_text("1")

    changes = lay_over(tree, agent, PYTHON)

    assert "password" not in "".join(one.read_text() for one in tree.rglob("*.py"))
    assert {one for one in changes.solution if one != "tally/__init__.py"} == set()
