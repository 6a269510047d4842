"""Divides a conversation into the segments that a student sees: many chat templates rewrite earlier turns.

Qwen3's template, for one, drops the reasoning of earlier turns at a later user message; DeepSeek-R1's drops it from
every turn but the last. A turn is trained in the one segment whose ids before it are those that the student reads
when it writes that turn, and whose ids of the turn hold its whole text. Most conversations are one segment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flows.publish.build.student_template import Message, Rendered, StudentTemplate, Unrendered, split_thinking
from flows.publish.build.student_template import tool_schemas as schemas_of

AGENT_ROLES = ("assistant", "tool")
CLOSING_TOKENS = 2
"""A turn can end with up to this many tokens more where another message follows it, as GLM's does."""


@dataclass(frozen=True)
class Segment:
    """The first `end` messages of a conversation as the student sees them, and the turns that are trained there."""

    end: int
    trained: tuple[int, ...]
    """Numbers of the messages that are trained in this segment and in no other."""
    dropped: tuple[int, ...]
    """Numbers of the messages whose reasoning the template leaves out here."""
    ids: list[int]
    mask: list[bool]
    """Per id: true if the agent writes it in a trained message."""


@dataclass(frozen=True)
class Point:
    """The end of a stretch of messages, exclusive, and the turns to train in that stretch."""

    end: int
    turns: tuple[int, ...]


def student_segments(row: dict[str, Any], template: StudentTemplate) -> list[Segment]:
    """The segments of a released row (messages, tools), in order; raises Unrendered if the template cannot write it."""
    return Conversation(row, template).segments()


class Conversation:
    """A released conversation that is written up to several ends, each only once."""

    def __init__(self, row: dict[str, Any], template: StudentTemplate) -> None:
        self._template = template
        self._messages = [split_thinking(message) for message in row["messages"]]
        self._guarded = [template.message(message) for message in self._messages]
        self._tools = [template.guarded(tool) for tool in schemas_of(row["tools"])]
        self._writers = template.writers(self._messages)
        self._written: dict[int, Rendered] = {}
        self._lacks: dict[tuple[int, int], str | None] = {}
        self._hidden: dict[int, tuple[int, ...]] = {}
        """End -> turns whose reasoning was taken out before the renderer wrote up to there."""

    def segments(self) -> list[Segment]:
        """The segments in order; raises Unrendered."""
        points = [finer for point in self._rounds for finer in self._split(point)]
        merged = [points[-1]]
        for point in reversed(points[:-1]):
            if all(self._is_covered(turn, point.end, merged[-1].end) for turn in point.turns):
                merged[-1] = Point(merged[-1].end, point.turns + merged[-1].turns)
            else:
                merged.append(point)
        return [self._segment(point) for point in reversed(merged)]

    @cached_property
    def _rounds(self) -> list[Point]:
        """The stretches between messages that are neither the agent's nor a tool's, if they hold a turn to train."""
        rounds: list[Point] = []
        turns: list[int] = []
        for number, message in enumerate(self._messages):
            if message["role"] not in AGENT_ROLES and turns:
                rounds.append(Point(number, tuple(turns)))
                turns = []
            if message["role"] == "assistant" and message["trainable"]:
                turns.append(number)
        if turns or not rounds:
            rounds.append(Point(len(self._messages), tuple(turns)))
        return rounds

    def _split(self, point: Point) -> Sequence[Point]:
        """The point itself, or one after each of its turns if the template rewrites turns within the stretch."""
        if not any(self._lack(turn, point.end) for turn in point.turns):
            return [point]
        return [Point(turn + 1, (turn,)) for turn in point.turns]

    def _lack(self, turn: int, end: int) -> str | None:
        if (turn, end) not in self._lacks:
            message, written = self._messages[turn], self._at(end).written(turn)
            is_agent = message["role"] == "assistant"
            self._lacks[turn, end] = self._template.missing(message, written) if is_agent else None
        return self._lacks[turn, end]

    def _at(self, end: int) -> Rendered:
        if end not in self._written:
            self._written[end] = self._write(self._guarded[:end])
            if self._lack(end - 1, end) == "reasoning_lost":
                self._written[end] = self._kept(end) or self._written[end]
                del self._lacks[end - 1, end]
        return self._written[end]

    def _write(self, messages: Sequence[Message]) -> Rendered:
        return self._template.write(self._writers.plain, messages, self._tools)

    def _kept(self, end: int) -> Rendered | None:
        """The prompt of the last turn, followed by that turn with its reasoning; None if the family cannot.

        Some templates drop the reasoning of an answer at once: gpt-oss has an option that keeps the reasoning of every
        turn, from which that of hidden turns is taken out; Kimi K2.5 writes an empty block, in which it belongs.
        """
        prompt = self._template.prompt(self._writers.plain, self._guarded[: end - 1], self._tools)
        hidden = tuple(
            number
            for number, message in enumerate(self._messages[: end - 1])
            if message["reasoning_content"] and self._template.missing(message, prompt.written(number))
        )
        if self._writers.keeping:
            made = self._template.write(self._writers.keeping, self._bare(end, hidden), self._tools)
        else:
            made = self._template.with_thought(self._guarded[end - 1], self._written[end], prompt)
        if made.ids[: len(prompt.ids)] != prompt.ids:
            return None
        self._hidden[end] = hidden
        return made

    def _bare(self, end: int, hidden: Sequence[int]) -> list[Message]:
        """The first `end` messages without the reasoning of some."""
        return [
            {key: value for key, value in message.items() if key != "reasoning_content" or number not in hidden}
            for number, message in enumerate(self._guarded[:end])
        ]

    def _is_covered(self, turn: int, end: int, later: int) -> bool:
        """True if the ids up to `later` hold the turn as those up to `end` do: the same prefix, then the whole turn."""
        own, other = self._at(end), self._at(later)
        start = own.start(turn)
        if other.start(turn) != start or other.ids[:start] != own.ids[:start]:
            return False
        if not self._messages[turn]["reasoning_content"]:
            return self._lack(turn, later) is None
        shorter, longer = sorted((own.written(turn), other.written(turn)), key=len)
        return longer[: len(shorter)] == shorter and len(longer) - len(shorter) <= CLOSING_TOKENS

    def _segment(self, point: Point) -> Segment:
        for turn in point.turns:
            if reason := self._lack(turn, point.end):
                raise Unrendered(
                    reason, f"message {turn} is not whole in what {self._template.identity.renderer} writes"
                )
        rendered, trained = self._at(point.end), set(point.turns)
        mask = [mine and owner in trained for mine, owner in zip(rendered.sampled, rendered.owners, strict=True)]
        return Segment(point.end, point.turns, self._dropped(point, rendered), rendered.ids, mask)

    def _dropped(self, point: Point, rendered: Rendered) -> tuple[int, ...]:
        """The turns outside the training of this segment whose reasoning is not in its ids."""
        others = [
            number
            for number, message in enumerate(self._messages[: point.end])
            if message["reasoning_content"] and number not in point.turns
        ]
        if not others or point.end in self._hidden:
            return self._hidden.get(point.end, ())
        if self._write(self._bare(point.end, others)).ids == rendered.ids:
            return tuple(others)
        return tuple(number for number in others if self._lack(number, point.end) == "reasoning_lost")
