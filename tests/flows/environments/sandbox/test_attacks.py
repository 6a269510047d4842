"""Programs that try to leave the sandbox or to use up the machine, made by root and by an ordinary user."""

import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.environments.sandbox import Command, Sandbox, remove
from flows.environments.sandbox.escapes.trial import tried
from tests.flows.environments.sandbox.attacks.attacks import ATTACKS
from tests.flows.environments.sandbox.attacks.make import bare_sandbox

HERE = Path(__file__).parent
ROOT = HERE.parents[3]

NOBODY = 65534
ATTACKING = (HERE / "attacks").relative_to(ROOT).as_posix()
KILLS = 50
LEAST_ESCAPES, LEAST_ATTACKS = 60, 20
SLACK_S = 25
"""Seconds to an attack's end, on a machine with other work."""


@pytest.fixture(scope="module")
def bare(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return bare_sandbox(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def rooms(sandbox: Sandbox) -> Iterator[Path]:
    """A folder that an ordinary user may read and write, with the modules of the sandbox and of the attacks."""
    folder = Path(tempfile.mkdtemp(prefix="rooms-"))
    for part in ("flows/__init__.py", "flows/environments/__init__.py", "flows/environments/sandbox", ATTACKING):
        _copy(ROOT / part, folder / part)
    if not os.geteuid():
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
    yield folder
    remove(folder)


def _program(rooms: Path, user: str, module: str, *words: str) -> dict[str, Any]:
    """The JSON that a module of the attacks prints, run as root or as an ordinary user with the machine's Python."""
    python, as_user = sys.executable, list[str]()
    if user == "ordinary" and os.geteuid() == 0:
        if not Path(python := "/usr/bin/python3").exists():
            pytest.skip("this machine has no /usr/bin/python3 for an ordinary user")
        as_user = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all"]
    elif user == "root" and os.geteuid():
        pytest.skip("the tests run as an ordinary user")
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(rooms), "HOME": str(rooms), "TMPDIR": str(rooms)}
    command = [*as_user, python, "-B", "-m", f"{ATTACKING.replace('/', '.')}.{module}", str(rooms / user), *words]
    done = subprocess.run(command, cwd=rooms, env=environment, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copyfile(source, target)


def test_no_attempt_gets_out(bare: Sandbox) -> None:
    """One way out lets code of a model read the secrets and the hidden tests of this machine."""
    made = tried(bare)
    assert len({one.name for one in made}) == len(made) >= LEAST_ESCAPES
    assert [(one.name, one.got) for one in made if one.got] == []


@pytest.mark.slow
@pytest.mark.parametrize("user", ["root", "ordinary"])
def test_no_attack_uses_up_the_machine(rooms: Path, user: str) -> None:
    """An attack without an end, or one whose end is unnamed, takes the night's time and teaches the student nothing.

    A factory of an ordinary user has no root that gives up its rights, so each hole must be closed for itself.
    """
    made = _program(rooms, user, "make")
    assert len(made["escapes"]) >= LEAST_ESCAPES
    assert [one for one in made["escapes"] if one[1]] == []
    assert len(made["attacks"]) >= LEAST_ATTACKS
    _check(made["attacks"])


@pytest.mark.slow
@pytest.mark.parametrize("user", ["root", "ordinary"])
def test_a_killed_factory_leaves_no_process(rooms: Path, user: str) -> None:
    """Code that outlives the factory runs without limits, and changes a workspace that the next run restores."""
    done = _program(rooms, user, "kills", str(KILLS))
    assert (done["left"], done["mounts"]) == ([], True)
    assert done["ran"] >= KILLS // 2


def _check(made: dict[str, list[Any]]) -> None:
    for name, (code, limit, seconds, n_output, end, removed) in made.items():
        attack = ATTACKS[name]
        assert limit == attack.named, (name, code, limit, seconds, end)
        assert attack.says.decode() in end, (name, end)
        assert seconds < SLACK_S, name
        assert n_output < 3 << 20, name
        assert removed, name


def test_a_fork_bomb_leaves_no_process(bare: Sandbox, workspace: Path) -> None:
    """Processes that live on change the workspace under its checkpoint, and fill the machine."""
    script = "setsid sleep 987 & (setsid sh -c 'sleep 987 & sleep 987' &); exit 0"
    assert bare.run(Command(("sh", "-c", script), workspace)).exit_code == 0
    assert not [one for one in _command_lines() if b"sleep\x00987" in one]


def _command_lines() -> Iterator[bytes]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            yield path.read_bytes()
        except OSError:
            continue


def test_odd_files_can_be_read_and_removed(bare: Sandbox, workspace: Path) -> None:
    """A workspace that cannot be read has no checkpoint; one that cannot be removed fills the disk."""
    script = """
import os, socket
os.mkfifo('pipe'); socket.socket(socket.AF_UNIX).bind('socket')
os.symlink('/etc/passwd', 'link'); os.symlink('loop', 'loop')
os.chmod('.', 0o777)
os.mkdir('locked'); open('locked/inside', 'w').write('x'); os.chmod('locked/inside', 0); os.chmod('locked', 0)
open('n' * 255, 'w').close(); open(b'\\xff\\xfe \\n-rf', 'w').close()
"""
    done = bare.run(Command(("python3", "-c", script), workspace))
    assert done.exit_code == 0, done.output
    assert (workspace / "locked" / "inside").read_text() == "x"
    assert stat.S_IMODE(workspace.stat().st_mode) == 0o700
    modes = [path.lstat().st_mode for path in workspace.rglob("*")]
    assert not [mode for mode in modes if mode & (stat.S_ISUID | stat.S_ISGID)]
    remove(workspace)
    assert not workspace.exists()
