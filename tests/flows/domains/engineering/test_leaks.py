"""Tests of leaks: nothing that an agent can reach shows the original code, the hidden tests or the place of a bug."""

import json
import subprocess
from pathlib import Path

import pytest

from flows.domains.engineering.examination import examine
from flows.environments.resources import Resources
from flows.environments.sandbox import Sandbox
from flows.environments.tool import ToolCall
from flows.environments.workspace.environment import Workspace
from schemas.task import Hidden
from tests.flows.domains.engineering.examination.tally import (
    BUGGY,
    COUNTS,
    GOAL,
    HIDDEN,
    PATH,
    PRISTINE,
    VISIBLE,
    write,
)

pytestmark = pytest.mark.slow
CANARY = "canary-5c1e-original"
HIDDEN_CANARY = "canary-90ab-hidden"
ORIGINAL = COUNTS.replace('"""Counts."""', f'"""Counts."""  # {CANARY}')
SEARCH = """
import os, sys
words = [bytes.fromhex(one) for one in sys.argv[1:]]
for folder, folders, names in os.walk("/"):
    folders[:] = [one for one in folders if os.path.join(folder, one) not in ("/sys", "/dev")]
    machine = folder.startswith(("/usr", sys.base_prefix))
    for name in names:
        if machine and "counts" not in name and "tally" not in folder:
            continue
        try:
            with open(os.path.join(folder, name), "rb") as file:
                text = file.read(8 << 20)
        except OSError:
            continue
        for word in words:
            if word in text or word in name.encode():
                print("found", word.decode(), os.path.join(folder, name))
"""
LOOK = {
    "history": "find . -name .git -o -name .hg -o -name '*.orig' -o -name '*.rej'; git log 2>/dev/null",
    "compiled": "find . -name __pycache__ -o -name '*.pyc'",
    "times": "find . -printf '%T@\\n' | sort -u | tail -n +2",
    "installed": "cd /tmp; python3 -c 'import tally' 2>/dev/null && echo importable",
    "listed": "pip list 2>/dev/null | grep -i tally",
    "caches": "find / -path /proc -prune -o -path '*/.cache/*' -print -o -name '*tally*.whl' -print 2>/dev/null",
    "host": "ls /home /srv 2>/dev/null; tr '\\0' '\\n' < /proc/1/environ | grep -i -E 'secret|token|key'",
    "owners": "find . -mindepth 1 -printf '%u %m %y\\n' | sort -u | grep -v -E '(644|755) [fd]$'",
    "names": "find . -name '*bug*' -o -name '*mutant*' -o -name '*hidden*' -o -name '*oracle*'",
}


def repository(folder: Path) -> tuple[Path, str]:
    """A git repository whose history, compiled files and ignored files show the original."""
    files = PRISTINE | {"tally/counts.py": ORIGINAL, "tests/test_counts.py": f"# {HIDDEN_CANARY}\n{HIDDEN}"}
    write(folder, files | {"tally/__pycache__/counts.cpython-311.pyc": CANARY.encode()})
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["add", "-A", "-f"], ["commit", "-q", "-m", CANARY]):
        subprocess.run([*git, *words], check=True)
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    return folder, commit


@pytest.fixture
def world(sandbox: Sandbox, tmp_path: Path) -> tuple[Workspace, Resources]:
    """A workspace of the package with its bugs, made from a repository that holds the original."""
    source, commit = repository(tmp_path / "repository")
    resources = Resources(sources_path=tmp_path / "sources")
    tree = {"kind": "git", "path": str(source), "commit": commit}
    files = {"tally/counts.py": BUGGY, "tests/test_counts.py": VISIBLE}
    setup = {"tree": tree, "files": files, "tools": ["bash", "submit"]}
    return Workspace(json.dumps(setup), resources, tmp_path / "world"), resources


def bash(world: Workspace, command: str) -> str:
    return world.act(ToolCall("c", "bash", {"command": command})).text


def test_nothing_in_reach_shows_the_original(world: tuple[Workspace, Resources]) -> None:
    """An agent that copies the original from somewhere solves no task, and a student learns to search for it."""
    workspace, _ = world
    words = " ".join(one.encode().hex() for one in (CANARY, HIDDEN_CANARY))

    shown = {name: bash(workspace, command) for name, command in LOOK.items()}
    found = bash(workspace, f"python3 - {words} <<'END'\n{SEARCH}\nEND")

    workspace.close()
    assert {name: text for name, text in shown.items() if not text.startswith(("[no output]", "[exit status"))} == {}
    assert "found" not in found


def test_the_outcome_shows_no_hidden_test(world: tuple[Workspace, Resources], tmp_path: Path) -> None:
    """Outcomes are published; a name, value or error text of a hidden test would be there for everybody to train on."""
    workspace, resources = world
    hidden = Hidden(task_id="t", goal=json.dumps(GOAL), oracle=None, run_id="2026-01-02")
    folder = tmp_path / "examination"
    folder.mkdir()

    checks = json.dumps(dict(examine(workspace, hidden, resources, folder)))

    after = bash(workspace, "find . -name 'test_*'; ls /harness /tree 2>/dev/null")
    workspace.close()
    assert '"verdict": "bugs_left"' in checks
    assert not [word for word in ("test_mean", "test_ranks", "words0", "2.0", "approx", PATH) if word in checks]
    assert after.splitlines()[0] == f"./{PATH}"
    assert len(after.splitlines()) == 2
