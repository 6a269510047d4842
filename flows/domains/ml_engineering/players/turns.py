"""Scripts of the players, with the facts of the task filled in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from flows.domains.ml_engineering.scripts import script
from flows.environments.numbered_calls import NumberedCalls, Turn
from schemas.task import Task


@dataclass
class Desk(NumberedCalls):
    """Writes scripts with the task's facts filled in."""

    facts: Mapping[str, object]

    def write_script(self, name: str) -> Turn:
        """A script of the domain under its own name."""
        return (yield from self.write(f"{name}.py", script(name, self.facts)))


def facts_of(task: Task) -> dict[str, object]:
    """The facts with which scripts are filled in: the agent reads all of them."""
    facts: dict[str, object] = json.loads(task.setup)["facts"]
    return facts
