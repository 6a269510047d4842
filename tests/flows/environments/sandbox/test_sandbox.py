"""A command in the sandbox: it works in its workspace with the image's programs, and its end is recorded."""

from pathlib import Path

import pytest

from flows.environments.sandbox import Command, Mount, Sandbox, SandboxFault
from tests.flows.environments.sandbox.conftest import Run


def test_a_command_works_in_its_workspace(run: Run, workspace: Path) -> None:
    """An agent whose files do not reach the workspace has done its work for nothing."""
    (workspace / "given.txt").write_text("given")
    done = run("sh", "-c", "pwd; cat given.txt; echo made >made.txt; echo wrong >&2; exit 3")
    assert (done.exit_code, done.limit, done.output) == (3, None, b"/workspace\ngivenwrong\n")
    assert (workspace / "made.txt").read_text() == "made\n"


def test_tests_run_with_the_image_s_python(run: Run, workspace: Path) -> None:
    """Without pytest in the image no task of code could be judged."""
    (workspace / "test_one.py").write_text("def test_one():\n    assert 1 + 1 == 2\n")
    done = run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert done.exit_code == 0, done.output
    assert b"1 passed" in done.output


def test_input_arrives_and_nothing_else(run: Run) -> None:
    """A command that reads its input must not wait for a terminal, nor read the factory's words."""
    assert run("cat", stdin=b"one\ntwo\n").output == b"one\ntwo\n"
    assert run("cat").output == b""


@pytest.mark.parametrize("words", [("no-such-program",), ("sh", "-c", "kill -9 $$")])
def test_a_command_that_fails_is_no_fault(run: Run, words: tuple[str, ...]) -> None:
    """A mistake of the agent must reach it as an observation, not abort its attempt."""
    assert run(*words).exit_code in (127, 137)


def test_mounts_are_read_only_unless_writable(sandbox: Sandbox, workspace: Path, tmp_path: Path) -> None:
    """A task's tree that an attempt can change is changed for all attempts."""
    tree, out = tmp_path / "tree", tmp_path / "out"
    tree.mkdir()
    out.mkdir()
    (tree / "code.py").write_text("original")
    script = "echo changed >/tree/code.py; echo result >/out/result.txt"
    mounts = (Mount(tree, "/tree"), Mount(out, "/out", writable=True))
    assert b"Read-only" in sandbox.run(Command(("sh", "-c", script), workspace, mounts)).output
    assert (tree / "code.py").read_text() == "original"
    assert (out / "result.txt").read_text() == "result\n"


def test_relative_paths_mean_the_working_directory(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A factory whose home is a relative path would find no file of its own attempts."""
    monkeypatch.chdir(tmp_path)
    for name in ("files", "tree"):
        Path(name).mkdir()
    Path("tree/a.txt").write_text("a")
    done = sandbox.run(Command(("sh", "-c", "cat /tree/a.txt >b.txt"), Path("files"), (Mount(Path("tree"), "/tree"),)))
    assert done.exit_code == 0, done.output
    assert Path("files/b.txt").read_text() == "a"


def test_a_workspace_that_locks_the_factory_out_is_opened_again(run: Run, workspace: Path) -> None:
    """An agent that takes its own permissions away must not turn its next call into a fault."""
    assert run("sh", "-c", "mkdir d; touch d/f; chmod 000 d/f d .").exit_code == 0
    assert run("cat", "d/f").exit_code == 0
    assert (workspace / "d" / "f").read_text() == ""


def test_a_null_character_adds_no_option(sandbox: Sandbox, workspace: Path) -> None:
    """Options of bubblewrap end with a null character: one inside a variable could mount the host's root."""
    given = Command(("ls", "/host"), workspace, environment={"A": "x\0--ro-bind\0/\0/host"})
    with pytest.raises(SandboxFault, match="null character"):
        sandbox.run(given)


def test_long_output_keeps_head_and_tail(run: Run) -> None:
    """The summary of a test run comes last, the first error first."""
    done = run("sh", "-c", "echo first; head -c 1500000 /dev/zero | tr '\\0' x; echo; echo last", output_mb=1)
    assert (done.exit_code, done.limit, done.n_output_bytes) == (0, "output", 1_500_012)
    assert done.output.startswith(b"first\nxxx")
    assert done.output.endswith(b"xxx\nlast\n")
    assert len(done.output) < 1_050_000
    assert b"bytes of output dropped" in done.output


def test_seconds_of_computing_are_counted(run: Run) -> None:
    """The cost of a domain is what its commands computed, not how long the machine was busy with others."""
    done = run("python3", "-c", "import time\nwhile time.process_time() < 0.3: pass")
    assert 0.3 <= done.cpu_s <= done.seconds + 0.1
    assert done.queued_s < done.seconds
