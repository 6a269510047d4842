"""Splits a message that holds several completions of a model, with the results between them, into one step each.

Gemini and the AI SDK write an answer with all its calls and their results as parts of one message.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from flows.imports.formats.conversation import Call, Message, Row


@dataclass
class Step:
    """The words and calls of one completion, with the results of its calls."""

    text: str = ""
    reasoning: list[str] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    results: list[Message] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def acted(self) -> bool:
        """True once the step has called something, or has a result: words that follow are another completion's."""
        return bool(self.calls or self.results)

    def add_media(self, mark: str) -> None:
        """Add the placeholder of a file, on a line of its own, and count it."""
        self.text += f"\n{mark}" if self.text else mark
        self.notes.append("image" if mark == "[image]" else "part")

    def messages(self, role: str, extra: Row) -> Iterator[Message]:
        """The message of the step, if it has words or calls, and its results."""
        if self.text or self.reasoning or self.calls:
            reasoning = "\n".join(self.reasoning) or None
            yield Message(role, self.text, reasoning, tuple(self.calls), notes=tuple(self.notes), extra=extra)
        yield from self.results


def step_messages(
    parts: Iterable[Row], role: str, extra: Row, speaks: Callable[[Row], bool], add: Callable[[Step, Row], None]
) -> Iterator[Message]:
    """The messages of parts: one that `speaks` after a call or result begins the next step; the first has `extra`."""
    steps = [Step()]
    for part in parts:
        if steps[-1].acted and speaks(part):
            steps.append(Step())
        add(steps[-1], part)
    for step in steps:
        yield from step.messages(role, extra)
        extra = {}
