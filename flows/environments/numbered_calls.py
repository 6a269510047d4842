"""Calls of a scripted player: one after another, with ids in order.

The players of all domains make their calls in this way, so that their attempts look like those of an agent.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field

from flows.environments.tool import Answer, ToolCall

Step = Generator[Sequence[ToolCall], Sequence[Answer], Answer]
Turn = Generator[Sequence[ToolCall], Sequence[Answer], str]


@dataclass
class NumberedCalls:
    """Makes calls; a player yields from each, and gets the answer or its text."""

    _number: int = field(default=0, init=False)

    def use(self, tool: str, **arguments: object) -> Step:
        """One call; its answer."""
        self._number += 1
        answers = yield [ToolCall(f"c{self._number}", tool, arguments)]
        return answers[0]

    def call(self, tool: str, **arguments: object) -> Turn:
        """One call; the text of its answer."""
        return (yield from self.use(tool, **arguments)).text

    def run(self, command: str) -> Turn:
        """A command of the shell."""
        return self.call("bash", command=command)

    def write(self, path: str, text: str) -> Turn:
        """A file of the workspace."""
        return self.call("write", path=path, text=text)
