"""Stored states of workspaces: restored exactly, whatever commands left, and nothing of it runs on the host."""

import stat
from pathlib import Path

import pytest

from flows.environments.workspace.scan import MAX_DEPTH
from tests.flows.environments.workspace.workspaces import bash, call, opened

ODD = r"""
mkdir -p empty/in/empty modes 'sp ace' $'new\nline'
printf '#!/bin/sh\n' > run.sh; chmod 755 run.sh
printf a > modes/a; chmod 0640 modes/a; printf b > modes/b; chmod 0200 modes/b; chmod 0750 modes
printf c > $'odd\xff\xfe'; printf d > 'sp ace/-rf'; printf e > $'new\nline/*'
ln -s run.sh link; ln -s /etc/passwd out; ln -s nowhere dangling; ln -s .. empty/up
printf f > one; ln one two; ln one zz; mkfifo pipe
touch -d 2001-01-01 run.sh
rm src/gone.py; rm -r old; printf g > old; rm swap; mkdir swap; printf h > swap/h
printf '\r\ntext' > crlf
"""
HOSTILE = r"""
git init -q . && git config user.email a@b && git config user.name n
printf '* filter=evil eol=crlf text ident export-ignore\n' > .gitattributes
printf '*\n' > .gitignore; mkdir -p sub .git/hooks
git config filter.evil.clean 'touch /tmp/owned; tr a-z A-Z'; git config filter.evil.smudge 'touch /tmp/owned'
git config core.fsmonitor 'touch /tmp/owned'; git config core.autocrlf true
printf '#!/bin/sh\ntouch /tmp/owned\n' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit
printf 'gitdir: /etc\n' > sub/.git; printf '$Id$ text\r\n' > ignored.txt
git add -f ignored.txt; git commit -qm one >/dev/null 2>&1
"""


def listing(root: Path) -> dict[str, tuple[object, ...]]:
    """Every entry with what it is; a walk that shares no code with the stored states."""
    found: dict[str, tuple[object, ...]] = {}
    for path in root.rglob("*"):
        status = path.lstat()
        kind = stat.S_IFMT(status.st_mode)
        permissions = 0 if stat.S_ISLNK(kind) else stat.S_IMODE(status.st_mode)
        content: object = path.readlink() if stat.S_ISLNK(kind) else None
        if stat.S_ISREG(kind):
            content = (path.read_bytes(), status.st_nlink, status.st_mtime_ns)
        found[str(path.relative_to(root))] = (kind, permissions, content)
    return found


FILES = {"src/gone.py": "x", "src/kept.py": "y", "old/a": "1", "old/b": "2", "swap": "file"}


@pytest.mark.parametrize("commands", [ODD, HOSTILE, ODD + HOSTILE], ids=["odd", "hostile", "both"])
def test_a_state_is_restored_exactly(tmp_path: Path, commands: str) -> None:
    """A file that a resume loses, adds or changes lets the agent reason about a world that is not there."""
    world = opened(tmp_path / "attempt", FILES)
    bash(world, commands)
    kept, before = world.checkpoint(), listing(world.root)
    bash(world, "rm -rf * .git*; printf other > run.sh; mkdir one")
    world.checkpoint()
    resumed = opened(tmp_path / "attempt", FILES)
    assert resumed.restore(kept, []) == []
    assert listing(resumed.root) == before
    assert resumed.checkpoint() == kept
    bash(resumed, "printf more >> crlf")
    assert resumed.checkpoint() != kept
    assert not Path("/tmp/owned").exists()
    resumed.close()


def test_a_change_that_hides_its_time_and_size_is_seen(tmp_path: Path) -> None:
    """Hashes are kept by a file's times, which `touch` can set: the change time it cannot."""
    world = opened(tmp_path / "attempt", {"a.txt": "1111"})
    digests = [world.checkpoint().digest]
    for text in ("2222", "3333", "1111"):
        bash(world, f"touch -r a.txt /tmp/r; printf {text} > a.txt; touch -r /tmp/r a.txt")
        digests.append(world.checkpoint().digest)
    assert len(set(digests)) == 3
    assert digests[0] == digests[3]


def test_two_states_are_kept_and_no_more(tmp_path: Path) -> None:
    """A state per turn would fill the disk; with one, a kill before the commit would have nothing to return to."""
    world = opened(tmp_path / "attempt", {"a.txt": "1"})
    points = []
    for number in range(5):
        bash(world, f"head -c 1000000 /dev/zero | tr '\\0' {number} > big")
        points.append(world.checkpoint())
    assert len(list((tmp_path / "attempt/states").iterdir())) == len(list((tmp_path / "attempt/blobs").iterdir())) == 2
    resumed = opened(tmp_path / "attempt", {"a.txt": "1"})
    resumed.restore(points[3], [])
    assert bash(resumed, "head -c 3 big") == "333"


def test_a_lost_state_leaves_another_digest(tmp_path: Path) -> None:
    """The rollout then starts the attempt again, instead of going on in an empty world."""
    world = opened(tmp_path / "attempt", {"a.txt": "1"})
    bash(world, "echo 2 > a.txt")
    kept = world.checkpoint()
    resumed = opened(tmp_path / "other", {"a.txt": "1"})
    resumed.restore(kept, [])
    assert resumed.checkpoint().digest != kept.digest


def test_deep_folders_sockets_and_unreadable_files_do_not_stop_the_attempt(tmp_path: Path) -> None:
    """An agent that makes them would otherwise end its attempt as a fault of the tool."""
    world = opened(tmp_path / "attempt")
    bash(world, "printf x > closed; chmod 000 closed; mkdir shut; printf y > shut/y; chmod 000 shut; printf z > left")
    call(world, "python", code="import os, socket\nsocket.socket(socket.AF_UNIX).bind('s')\n"
         "for _ in range(400):\n    os.mkdir('d'); os.chdir('d')\nopen('bottom', 'w').close()")  # fmt: skip
    kept = world.checkpoint()
    assert call(world, "read", path="shut/y").text.endswith("y")
    resumed = opened(tmp_path / "attempt")
    resumed.restore(kept, [])
    assert resumed.checkpoint() == kept
    assert bash(resumed, "cat left; ls -d " + "/".join(["d"] * MAX_DEPTH) + " | wc -l") == "z1"
    resumed.close()
    assert sorted(one.name for one in (tmp_path / "attempt").iterdir()) == ["blobs", "states"]
