"""Environments whose state is a folder of files, in which model-written code runs in a sandbox.

No process lives between two calls, so that the folder is the whole state. It is stored after each turn and restored
exactly, since commands do not give the same files twice.
"""

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from flows.environments.environment import SANDBOX, Artifact, Checkpoint, EnvironmentKind, FinalState
from flows.environments.resources import Resources
from flows.environments.sandbox import Command, remove
from flows.environments.tool import Answer, Tool, ToolCall
from flows.environments.workspace import tools as offered
from flows.environments.workspace.commands import answer_of
from flows.environments.workspace.files import edit, write
from flows.environments.workspace.materialise import materialise
from flows.environments.workspace.paths import Refused
from flows.environments.workspace.reading import read
from flows.environments.workspace.scan import Scanner, Tree, digest_of
from flows.environments.workspace.setup import WorkspaceSetup, read_setup
from flows.environments.workspace.snapshots import Marks, Snapshots
from schemas.record import sha256_text

MAX_ARTIFACTS = 1_000
SUBMITTED = Answer("The work is submitted already. Write your final answer.", "blocked")


class Workspace:
    """The files of one attempt, in a folder of their own below `folder`; states are stored beside it."""

    def __init__(self, setup: str, resources: Resources, folder: Path) -> None:
        self._setup, described = setup, read_setup(setup)
        self._limits, self._tests = described.command_limits(), described.tests
        self._tools = offered.chosen(described.tools)
        self._sandbox = resources.sandbox(described.image)
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        for old in folder.glob("files-*"):
            remove(old)
        self.root = folder / f"files-{os.urandom(8).hex()}"
        """The workspace on the host. A process of a killed run that still ends cannot reach it under a new name."""
        materialise(described, resources.sources_folder, self.root)
        self._scanner = Scanner(self.root)
        self.first: Tree = self._scanner.scan()
        """The entries as the setup gives them."""
        self._snapshots = Snapshots(folder, self.first)
        self._limits_reached: list[str] = []
        self._submitted = False

    @property
    def setup(self) -> WorkspaceSetup:
        """The setup, read again: its files, as objects, are not kept in memory for each attempt."""
        return read_setup(self._setup)

    def tools(self) -> tuple[Tool, ...]:
        """The tools that the setup names."""
        return self._tools

    def act(self, call: ToolCall) -> Answer:
        """Make a call; a path that cannot be used is an answer, too. Raises SandboxFault."""
        if self._submitted and call.name != "read":
            return SUBMITTED
        given = offered.TOOLS[call.name].arguments
        if not isinstance(given, type):
            raise TypeError(f"the tool {call.name} has no model of its arguments")
        try:
            return self._acts[call.name](given.model_validate(call.arguments))
        except Refused as refused:
            return refused.answer

    def run(self, argv: Sequence[str], stdin: bytes = b"") -> Answer:
        """Run a program in the workspace. Raises SandboxFault."""
        done = self._sandbox.run(self.command(argv, stdin))
        if done.limit and done.limit not in self._limits_reached:
            self._limits_reached.append(done.limit)
        return answer_of(done, self._limits)

    def command(self, argv: Sequence[str], stdin: bytes = b"") -> Command:
        """The program as the sandbox runs it; a world that shows more than its files overrides this."""
        return Command(tuple(argv), self.root, stdin=stdin, limits=self._limits)

    def checkpoint(self) -> Checkpoint:
        """The state now, stored under its digest."""
        tree = self._scanner.scan()
        digest = self._digest(tree)
        self._snapshots.save(digest, tree, self.root, Marks(self._limits_reached, self._submitted))
        return Checkpoint(digest, digest)

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """Bring the files to a stored state. Without one they stay in the first, whose digest differs."""
        marks = self._snapshots.load(str(checkpoint.snapshot), self.root)
        if marks is not None:
            self._limits_reached, self._submitted = list(marks.limits), marks.submitted
        return []

    def finish(self, answer: str | None) -> FinalState:
        """The final state; artifacts are the files that differ from the first state."""
        tree = self._scanner.scan()
        changed = [
            (path, one) for path, one in sorted(tree.items()) if one.kind == "file" and one != self.first.get(path)
        ]
        artifacts = [Artifact(shown(path), one.content, one.n_bytes) for path, one in changed[:MAX_ARTIFACTS]]
        removed = [shown(path) for path in sorted(self.first) if path not in tree]
        checks = {
            "submitted": self._submitted,
            "n_changed": len(changed),
            "removed": removed[:MAX_ARTIFACTS],
            "n_removed": len(removed),
        }
        return FinalState(self._digest(tree), tuple(artifacts), checks, tuple(self._limits_reached))

    def close(self) -> None:
        """Remove the files; stored states stay for a resume.

        Files that a command still writes, because its attempt was cancelled, are removed with the attempt's folder.
        """
        with contextlib.suppress(OSError):
            remove(self.root)

    def _digest(self, tree: Tree) -> str:
        return sha256_text(f"{digest_of(tree)} {self._submitted}")

    @property
    def _acts(self) -> Mapping[str, Callable[..., Answer]]:
        return {
            "bash": lambda given: self.run(("bash", "-c", given.command)),
            "python": lambda given: self.run(("python", "-"), given.code.encode("utf-8", "replace")),
            "read": lambda given: read(self.root, given.path, given.offset, given.limit),
            "edit": lambda given: edit(self.root, given.path, given.old, given.new),
            "write": lambda given: write(self.root, given.path, given.text),
            "run_tests": lambda given: self._run_tests(given.select),
            "submit": lambda given: self._submit(),
        }

    def _run_tests(self, select: Sequence[str]) -> Answer:
        if options := [one for one in select if one.startswith("-")]:
            return Answer(f"select names files or ids of tests; {options[0]!r} is an option.", "blocked")
        if not self._tests:
            return Answer("This workspace names no command for tests.", "blocked")
        return self.run((*self._tests, *select))

    def _submit(self) -> Answer:
        self._submitted = True
        return Answer("Submitted. Write your final answer.")


def shown(path: str) -> str:
    """A path of a workspace as text: bytes that are no UTF-8 are escaped."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _tools(setup: str, dialect: str) -> tuple[Tool, ...]:
    return offered.chosen(read_setup(setup).tools)


def _opened(setup: str, resources: Resources, folder: Path) -> Workspace:
    return Workspace(setup, resources, folder)


WORKSPACE = EnvironmentKind("workspace", "1", _tools, _opened, needs=(SANDBOX,))
