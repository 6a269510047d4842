"""Turns of a player: one call each, with the text of its answer."""

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field

from flows.domains.ml_engineering.scripts import script
from flows.environments.tool import Answer, ToolCall
from schemas.task import Task

Turn = Generator[Sequence[ToolCall], Sequence[Answer], str]


@dataclass
class Desk:
    """Makes calls with numbered ids, and writes scripts with the task's facts filled in."""

    facts: Mapping[str, object]
    _number: int = field(default=0, init=False)

    def call(self, name: str, **arguments: object) -> Turn:
        """One call."""
        self._number += 1
        answers = yield [ToolCall(f"c{self._number}", name, arguments)]
        return answers[0].text

    def run(self, command: str) -> Turn:
        """A command of the shell."""
        return (yield from self.call("bash", command=command))

    def write(self, path: str, text: str) -> Turn:
        """A file of the workspace."""
        return (yield from self.call("write", path=path, text=text))

    def write_script(self, name: str) -> Turn:
        """A script of the domain under its own name."""
        return (yield from self.write(f"{name}.py", script(name, self.facts)))


def facts_of(task: Task) -> dict[str, object]:
    """The facts with which scripts are filled in: the agent reads all of them."""
    facts: dict[str, object] = json.loads(task.setup)["facts"]
    return facts
