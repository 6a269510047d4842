"""Writes conversations with the tokenizer's own chat template, for a student of a family that `renderers` lacks.

The template writes the text; its ids are those of that text, and the agent's part of a turn is what follows the
opening that the template itself gives for it. That costs two renderings per turn, so a family's own renderer is
faster. Guarded text stays text here too (`literal_tokenizer.py`).
"""

import json
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from operator import itemgetter
from typing import Any

from pydantic import BaseModel

from flows.tokenizing.literal_tokenizer import LiteralTokenizer

TEMPLATE = "template"
Message = dict[str, Any]


class TemplateConfig(BaseModel):
    """The settings of this renderer: none, the template's defaults hold."""

    name: str = TEMPLATE

    @classmethod
    def template_field_names(cls) -> frozenset[str]:
        """Names of the template's options that are set: none."""
        return frozenset()


@dataclass(frozen=True)
class Written:
    """Token ids, per token true if the agent samples it, and the number of its message (-1: the template's own)."""

    token_ids: list[int]
    sampled_mask: list[bool]
    message_indices: list[int]


class TemplateRenderer:
    """The chat template of a fast tokenizer as a renderer with a loss mask."""

    def __init__(self, tokenizer: LiteralTokenizer) -> None:
        self.config = TemplateConfig()
        self._tokenizer = tokenizer
        self._control = set(tokenizer.added_tokens_decoder)

    def render(
        self, messages: Sequence[Message], *, tools: Sequence[Message] = (), add_generation_prompt: bool = False
    ) -> Written:
        """The ids of guarded messages. Raises the template's errors, and ValueError if it leaves the tools out."""
        self._check_tools(messages, tools)
        text = self._text(messages, tools, add_generation_prompt)
        encoded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids, offsets = encoded["input_ids"], encoded.get("offset_mapping", [])
        owners = [-1] * len(ids)
        for number, message in enumerate(messages):
            if message["role"] == "assistant":
                start, end = self._span(text, messages, number, tools)
                places = range(
                    bisect_left(offsets, start, key=itemgetter(0)), bisect_right(offsets, end, key=itemgetter(1))
                )
                for at in self._to_its_end(list(places), ids):
                    owners[at] = number
        return Written(ids, [owner >= 0 for owner in owners], owners)

    def render_ids(self, messages: Sequence[Message]) -> list[int]:
        """The ids of guarded messages without tools."""
        return self.render(messages).token_ids

    def _span(self, text: str, messages: Sequence[Message], number: int, tools: Sequence[Message]) -> tuple[int, int]:
        """Where the agent's part of a turn stands in the text, in characters; empty if it was rewritten there.

        A template can begin a turn otherwise where it is the last, as Qwen3's does with an empty block of reasoning:
        the part is then the longest end of the turn that the text goes on with.
        """
        before = self._text(messages[:number], tools) if number else ""
        opened = _common(self._text(messages[:number], tools, cue=True), text) if number else 0
        if opened < len(before):
            return 0, 0
        last = self._text(messages[: number + 1], tools)
        if text.startswith(last):
            return opened, len(last)
        body = last[opened:]
        cut = next((at for at in range(len(body)) if text.startswith(body[at:], opened)), len(body))
        return opened, opened + len(body) - cut

    def _to_its_end(self, places: list[int], ids: list[int]) -> list[int]:
        """The places without the blanks that the template writes after the token that ends the turn."""
        blank = takewhile(lambda at: not self._tokenizer.decode([ids[at]]).strip(), reversed(places))
        kept = places[: len(places) - len(list(blank))]
        return kept if kept and ids[kept[-1]] in self._control else places

    def _check_tools(self, messages: Sequence[Message], tools: Sequence[Message]) -> None:
        asked = next((at for at, message in enumerate(messages) if message["role"] == "user"), 0)
        opening = messages[: asked + 1]
        if tools and self._text(opening, tools) == self._text(opening, ()):
            raise ValueError("the chat template has no place for tool schemas")

    def _text(self, messages: Sequence[Message], tools: Sequence[Message], cue: bool = False) -> str:
        """The template's text, with arguments as mappings, or as JSON text where it takes them as text."""
        try:
            text = self._apply(messages, tools, cue)
        except Exception:  # templates raise any error
            return self._apply([_as_text(message) for message in messages], tools, cue)
        arguments = [call["function"]["arguments"] for one in messages for call in one.get("tool_calls", ())]
        if any(isinstance(one, Mapping) and one and str(one) in text for one in arguments):
            return self._apply([_as_text(message) for message in messages], tools, cue)
        return text

    def _apply(self, messages: Sequence[Message], tools: Sequence[Message], cue: bool) -> str:
        return str(
            self._tokenizer.apply_chat_template(
                list(messages), tools=list(tools) or None, tokenize=False, add_generation_prompt=cue
            )
        )


def _as_text(message: Message) -> Message:
    """The message with the arguments of its calls as JSON text."""
    if "tool_calls" not in message:
        return message
    calls = [
        call | {"function": call["function"] | {"arguments": json.dumps(arguments, ensure_ascii=False)}}
        if not isinstance(arguments := call["function"]["arguments"], str)
        else call
        for call in message["tool_calls"]
    ]
    return message | {"tool_calls": calls}


def _common(one: str, other: str) -> int:
    """Length of the common beginning of two texts."""
    if other.startswith(one):
        return len(one)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
