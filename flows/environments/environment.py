"""The protocol of environments: the world of one attempt, with tools, state, checkpoints and a final state.

Nothing in an environment is shared with another attempt. The rollout commits a checkpoint with every turn; after a
kill it opens a fresh world and brings it to that checkpoint, so a world itself never outlives its process.
"""

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from flows.environments.resources import Resources
from flows.environments.tool import Answer, Tool, ToolCall
from schemas.verdict import Outcome

if TYPE_CHECKING:
    from schemas.task import Hidden


SANDBOX = "sandbox"
"""Need of a kind whose tools, or whose examination, run commands in the sandbox."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of an environment after a turn."""

    digest: str
    """Hash of the whole state: equal digests mean equal worlds."""
    snapshot: str | None = None
    """Name of a stored copy of the state, where repeated calls do not give the same state; None where they do."""


@dataclass(frozen=True)
class Artifact:
    """A file that an attempt left in its environment."""

    path: str
    sha256: str
    n_bytes: int


@dataclass(frozen=True)
class FinalState:
    """The state in which an attempt left its environment, as values that verifiers compare with the hidden goal."""

    digest: str
    artifacts: tuple[Artifact, ...] = ()
    checks: Mapping[str, object] = field(default_factory=dict)
    """JSON values that the environment derives from its state, such as the changed rows of each table."""
    limits: tuple[str, ...] = ()
    """Names of the limits of the environment that the attempt reached."""


class Environment(Protocol):
    """The world of one attempt. Calls come one at a time, except concurrent calls of read-only tools."""

    def tools(self) -> tuple[Tool, ...]:
        """The tools of this world; their schemas may come from anywhere, a server included."""
        ...

    def act(self, call: ToolCall) -> Answer:
        """Make a call with valid arguments and block until it is done.

        An exception is a fault: the state is then as before the call, or the world is never used again.
        """
        ...

    def checkpoint(self) -> Checkpoint:
        """The state now, stored under the folder of the attempt where repeated calls do not give it again."""
        ...

    def restore(self, checkpoint: Checkpoint, calls: Sequence[ToolCall]) -> list[Answer]:
        """Bring a fresh world to a checkpoint: from its snapshot, or by making the calls that led there again.

        Returns the answers of repeated calls, for comparison with the recorded ones; none from a snapshot.
        """
        ...

    def finish(self, answer: str | None) -> FinalState:
        """The final state, after the agent gave its answer (None if it gave none)."""
        ...

    def close(self) -> None:
        """Release everything that the world holds; may be called at any time, and twice."""
        ...


@dataclass(frozen=True)
class EnvironmentKind:
    """Environments of one kind, which one or several domains use."""

    name: str
    version: str
    """Changes whenever the same calls on the same setup may give other answers."""
    tools: Callable[[str, str], tuple[Tool, ...]]
    """(setup of a task, dialect) -> the tools of its world, without opening it."""
    open: Callable[[str, Resources, Path], Environment]
    """(setup of a task, resources of the rollout, folder for files of the attempt) -> a fresh world."""
    has_state: bool = True
    """False if no call changes anything: the world then needs no checkpoint, and has no outcome."""
    needs: tuple[str, ...] = ()
    """Names of what a rollout must have for it: `library`, SANDBOX."""
    always: tuple[str, ...] = ()
    """Names of tools that every task may use, whatever tools it names."""
    examine: Callable[[Any, "Hidden", Resources, Path], Mapping[str, object]] | None = None
    """(world after `finish`, hidden record, resources, empty folder) -> values that are added to the checks.

    For verdicts that need a run, such as one of hidden tests; a domain provides it, since no environment reads hidden
    truths. It is called when an attempt has ended, and the folder is deleted after it. A kill or a fault in the middle
    is followed by another call with the same final state. An exception is a fault, never a result.
    """


def examined(
    kind: EnvironmentKind, environment: Environment, hidden: "Hidden | None", resources: Resources, beside: Path
) -> Mapping[str, object]:
    """The checks of an examination in a new folder next to `beside`; none if the kind or the task has nothing hidden.

    Raises the exceptions of the examination.
    """
    if kind.examine is None or hidden is None:
        return {}
    beside.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="examination-", dir=beside.parent, ignore_cleanup_errors=True) as folder:
        return kind.examine(environment, hidden, resources, Path(folder))


def outcome_row(kind: EnvironmentKind, final: FinalState, trajectory_id: str, run_id: str) -> Outcome:
    """The lake's row of a final state, before any rebuilding or work is counted."""
    return Outcome(
        trajectory_id=trajectory_id,
        environment=kind.name,
        environment_version=kind.version,
        digest=final.digest,
        artifacts=json.dumps([asdict(one) for one in final.artifacts], ensure_ascii=False),
        checks=json.dumps(final.checks, ensure_ascii=False, sort_keys=True),
        limits=list(final.limits),
        n_restores=0,
        seconds=0.0,
        run_id=run_id,
    )
