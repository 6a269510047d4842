"""Writes a conversation in the student's token ids, as the student's own chat template does.

Only the template writes control tokens: around messages, reasoning and tool calls. The same text within content,
reasoning, names, arguments, schemas or observations stays text, and reasoning that stands as a leading `<think>`
block in the content of a turn is handed to the template as reasoning.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flows.publish.errors import StudentError
from flows.tokenizing.literal_tokenizer import LiteralTokenizer
from flows.tokenizing.renderer_choice import RendererError, open_renderer, varied
from flows.tokenizing.thinking import keeping_fields, thinking_fields, thinking_in_force
from schemas import sha256_text
from schemas.release import Student

Message = dict[str, Any]
THINK = re.compile(r"^\s*<think>(.*?)</think>\s*", re.DOTALL)


class Unrendered(Exception):
    """The template cannot write a row. `reason` is a code of UNRENDERED, the text names the place."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True)
class Rendered:
    """Token ids of a conversation; per token the sampled mask, and the number of the message that owns it."""

    ids: list[int]
    sampled: list[bool]
    owners: list[int]

    def start(self, number: int) -> int:
        """The offset of the first token that the agent samples in message `number`; the length if there is none."""
        places = self._places.get(number)
        return places[0] if places else len(self.ids)

    def written(self, number: int) -> list[int]:
        """The ids that the agent samples in message `number`."""
        return [self.ids[at] for at in self._places.get(number, ())]

    @cached_property
    def _places(self) -> dict[int, list[int]]:
        """Message -> offsets of the tokens that the agent samples in it, from one pass over a long conversation."""
        places: dict[int, list[int]] = {}
        for at, (mine, owner) in enumerate(zip(self.sampled, self.owners, strict=True)):
            if mine:
                places.setdefault(owner, []).append(at)
        return places


@dataclass(frozen=True)
class Writers:
    """The renderers of one student for a conversation."""

    plain: Any
    keeping: Any
    """Writes the reasoning of every turn, also where the template by default drops even that of the last; or None."""


class StudentTemplate:
    """The tokenizer of one student, and the renderers that write as its chat template does."""

    def __init__(self, folder: Path, renderer: str) -> None:
        """Load the tokenizer in `folder`; `renderer` is a name, or auto. Raises StudentError."""
        self._tokenizer = _tokenizer(folder)
        self._literal = LiteralTokenizer(self._tokenizer)
        self._renderer = _renderer(self._literal, renderer)
        self._answering = _writers(self._literal, self._renderer)
        self._thinking = _thinking(self._literal, self._renderer) or self._answering
        template = getattr(self._tokenizer, "chat_template", None) or ""
        self.identity = Student(
            tokenizer=folder.name,
            renderer=f"{self._renderer.config.name} (renderers {version('renderers')})",
            template_sha256=sha256_text(f"{template}\x00{self._renderer.config.model_dump_json()}"),
            vocabulary_sha256=self._literal.vocabulary_sha256(),
        )

    def writers(self, messages: Sequence[Message]) -> Writers:
        """The renderers of a conversation: with thinking on if a turn has reasoning and the family can switch it."""
        return self._thinking if any(message["reasoning_content"] for message in messages) else self._answering

    def prompt(self, writer: Any, messages: Sequence[Message], tools: Sequence[Message]) -> Rendered:
        """The ids that the student reads before it writes the turn after these messages; raises Unrendered."""
        return _tokens(self._render(writer, messages, tools, add_generation_prompt=True))

    def write(self, writer: Any, messages: Sequence[Message], tools: Sequence[Message]) -> Rendered:
        """The token ids of guarded messages. Raises Unrendered if the template refuses them, or the mask is wrong."""
        name, made = self.identity.renderer, _tokens(self._render(writer, messages, tools))
        if len(made.sampled) != len(made.ids):
            raise Unrendered("wrong_mask", f"{name} gives no loss mask")
        if not any(made.sampled):
            raise Unrendered("text_lost", f"{name} writes no turn of the agent")
        for owner in {owner for mine, owner in zip(made.sampled, made.owners, strict=True) if mine}:
            if messages[owner]["role"] != "assistant":
                raise Unrendered("wrong_mask", f"{name} masks message {owner} ({messages[owner]['role']})")
        return made

    def _render(self, writer: Any, messages: Sequence[Message], tools: Sequence[Message], **options: bool) -> Any:
        try:
            return writer.render(list(messages), tools=list(tools), **options)
        except Exception as error:  # renderers raise the errors of their libraries
            raise Unrendered("template_refused", f"{self.identity.renderer} cannot write it: {error}") from error

    def with_thought(self, guarded: Message, rendered: Rendered, prompt: Rendered) -> Rendered:
        """The prompt of a last turn, its reasoning, and the turn as rendered from where its empty block closes.

        Returns `rendered` if the prompt opens no block or the turn closes none.
        """
        number = rendered.owners[-1]
        ends = (at for at in range(len(rendered.ids)) if rendered.owners[at] == number)
        close = next((at for at in ends if self._decode([rendered.ids[at]]) == "</think>"), None)
        if number < 0 or close is None or not self._decode(prompt.ids[-8:]).endswith("<think>"):
            return rendered
        thought = self._literal.encode(guarded["reasoning_content"], add_special_tokens=False)
        return Rendered(
            [*prompt.ids, *thought, *rendered.ids[close:]],
            [*prompt.sampled, *[True] * len(thought), *rendered.sampled[close:]],
            [*prompt.owners, *[number] * len(thought), *rendered.owners[close:]],
        )

    def missing(self, message: Message, written: list[int]) -> str | None:
        """The reason code of what a turn's sampled ids lack: text_lost, reasoning_lost, or None if they hold all."""
        text = self._decode(written)
        if not all(self._occurs(part.strip(), text) for part in _trained_texts(message)):
            return "text_lost"
        before, content, after = text.rpartition((message["content"] or "").strip() or "\x00")
        thought = (message["reasoning_content"] or "").strip()
        return None if self._occurs(thought, before + after if content else text) else "reasoning_lost"

    def guarded(self, value: Any) -> Any:
        """A JSON value with every string guarded, keys included: renderers write strings without escapes."""
        if isinstance(value, str):
            return self._literal.guard(value)
        if isinstance(value, list):
            return [self.guarded(one) for one in value]
        if isinstance(value, dict):
            return {self.guarded(key): self.guarded(one) for key, one in value.items()}
        return value

    def message(self, message: Message) -> Message:
        """A released message as the renderer takes it, with every text guarded."""
        row: Message = {"role": message["role"], "content": self._literal.guard(message["content"] or "")}
        if message["reasoning_content"]:
            row["reasoning_content"] = self._literal.guard(message["reasoning_content"])
        if calls := _calls(message):
            row["tool_calls"] = [
                {
                    "id": self.guarded(call["id"]),
                    "type": "function",
                    "function": {
                        "name": self.guarded(call["name"]),
                        "arguments": self.guarded(_mapping(call["arguments"])),
                    },
                }
                for call in calls
            ]
        return row | {key: self.guarded(message[key]) for key in ("tool_call_id", "name") if message[key]}

    def _occurs(self, text: str, decoded: str) -> bool:
        """True if the text occurs: plain, JSON-escaped, or normalised by the tokenizer (many compose accents, NFC)."""
        forms = (text, json.dumps(text, ensure_ascii=False)[1:-1])
        return any(form in decoded for form in forms) or any(self._normalised(form) in decoded for form in forms)

    def _normalised(self, text: str) -> str:
        return self._decode(self._literal.encode(self._literal.guard(text), add_special_tokens=False))

    def _decode(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, clean_up_tokenization_spaces=False)) if ids else ""


def split_thinking(message: Message) -> Message:
    """The message with a leading `<think>` block of its content as reasoning, if it has no other reasoning."""
    if message["role"] != "assistant" or message["reasoning_content"]:
        return message
    found = THINK.match(message["content"] or "")
    if not found:
        return message
    rest = message["content"][found.end() :]
    return message | {"reasoning_content": found[1].strip("\n") or None, "content": rest or None}


def tool_schemas(tools: str) -> list[Message]:
    """The tool schemas of a row's JSON text, each as OpenAI's API writes it."""
    return [tool if "function" in tool else {"type": "function", "function": tool} for tool in json.loads(tools)]


def _tokens(rendered: Any) -> Rendered:
    return Rendered(list(rendered.token_ids), list(rendered.sampled_mask), list(rendered.message_indices))


def _calls(message: Message) -> list[Message]:
    calls: list[Message] = json.loads(message["tool_calls"]) if message["tool_calls"] else []
    return calls


def _trained_texts(message: Message) -> list[str]:
    """The texts that the masked ids of an assistant message must spell: its content and its calls' arguments."""
    return [message["content"] or "", *_texts([call["arguments"] for call in _calls(message)])]


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return _texts(list(value.values()))
    if isinstance(value, list):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []


def _mapping(arguments: Any) -> Any:
    """JSON text parsed to a mapping if it is valid: a renderer would otherwise parse escapes after the guard."""
    try:
        return json.loads(arguments) if isinstance(arguments, str) else arguments
    except ValueError:
        return arguments


def _renderer(tokenizer: LiteralTokenizer, name: str) -> Any:
    try:
        renderer = open_renderer(tokenizer, name, "student")
        tokenizer.fit(renderer)
    except (RendererError, ValueError) as error:
        raise StudentError(str(error)) from error
    return renderer


def _writers(tokenizer: LiteralTokenizer, renderer: Any) -> Writers:
    fields = keeping_fields(renderer.config)
    return Writers(renderer, varied(tokenizer, renderer, fields) if fields else None)


def _thinking(tokenizer: LiteralTokenizer, renderer: Any) -> Writers | None:
    """The renderers with thinking on, for a family whose template thinks only on a setting; else None."""
    if thinking_in_force(renderer.config)["thinking"] is not False:
        return None
    fields = thinking_fields(renderer.config, thinking=True, effort=None)
    return _writers(tokenizer, varied(tokenizer, renderer, fields))


def _tokenizer(folder: Path) -> Any:
    from transformers import AutoTokenizer

    try:
        return AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError) as error:
        raise StudentError(f"publish.student = {folder}: no tokenizer can be loaded from there ({error})") from error
