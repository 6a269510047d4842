"""Small domains whose environments have state: one is replayed after a kill, two are restored from snapshots.

`available()` adds them to the domains that the rollout finds.
"""

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import flows.domains
from flows.domains import domain
from schemas import Hidden, Task
from schemas.task import task_id
from warehouse.lake import Lake, PartName

FUSE = [0]
"""Events in environments until the process kills itself; 0 for never."""


def event() -> None:
    """A moment at which a kill may come."""
    if FUSE[0] > 0:
        FUSE[0] -= 1
        if FUSE[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def available() -> Iterator[None]:
    """Adds the domains `ledger`, `notebook` and `workshop` inside the block."""
    flows.domains.__path__.append(str(Path(__file__).parent))
    try:
        yield
    finally:
        flows.domains.__path__.pop()
        for name in ("ledger", "notebook", "workshop"):
            sys.modules.pop(f"flows.domains.{name}", None)


def write_tasks(lake: Lake, day: date, name: str, setups: Sequence[tuple[str, str]], max_turns: int = 30) -> None:
    """Write a task per (setup, goal) of the domain, with its hidden record."""
    tasks, hidden = list[Task](), list[Hidden]()
    one = domain(name)
    for number, (setup, goal) in enumerate(setups):
        instruction = f"Work on {name} number ({number})."
        identity = task_id(name, instruction, None, [], "by_hand")
        tasks.append(
            Task(
                task_id=identity,
                domain=name,
                instruction=instruction,
                answer=None,
                evidence=[],
                path=[],
                tools=[tool.name for tool in one.environment.tools(setup, "chat")],
                verifiers=[verifier.name for verifier in one.verifiers],
                setup=setup,
                max_turns=max_turns,
                max_tokens=131_072,
                max_seconds=0,
                samples=1,
                hops=0,
                difficulty="{}",
                composer="by_hand",
                composer_version="1",
                prompt_sha256=None,
                created_at=datetime(2026, 1, 2, tzinfo=UTC),
                run_id=day.isoformat(),
            )
        )
        hidden.append(Hidden(task_id=identity, goal=goal, oracle=None, run_id=day.isoformat()))
    lake.write(Hidden, hidden, PartName(day, "by-hand", 0))
    lake.write(Task, tasks, PartName(day, "by-hand", 0))
