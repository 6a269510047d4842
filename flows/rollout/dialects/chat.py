"""The chat dialect renders a conversation with a model's chat template and parses reasoning and tool calls.

It uses the `renderers` library. The token stream only grows: history is never rendered again, and sampled ids stay
as they were sampled, reasoning included. Where a renderer would render the history anew, the dialect appends the
text that follows a finished turn instead, or raises. Text of a page that looks like a special token is encoded as
text.
"""

import json
import re
from array import array
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import Any

from flows.environments.tool import ToolSpec
from flows.rollout.dialects.append import QUESTION, Appender, split
from flows.rollout.dialects.frames import Frames
from flows.rollout.dialects.tool_calls import ToolSet, template_specs, tool_calls
from flows.rollout.dialects.written_calls import Reader, WrittenCall, reader_of
from flows.rollout.protocol import Completion, Extension, Message, Parsed, Sampling, TeacherRefused, Thinking
from flows.settings import Teacher as TeacherSettings
from flows.tokenizing.hub import hub_or_cache
from flows.tokenizing.literal_tokenizer import LiteralTokenizer
from flows.tokenizing.renderer_choice import KEPT, RendererError, open_renderer, reopened, template_options
from flows.tokenizing.thinking import thinking_in_force
from schemas.record import sha256_text

CALL_PATTERN = re.compile(r"<\W?tool_call|<function=|<invoke|\"arguments\"\s*:")
"""The start of a tool call; inside reasoning it does not count as a call."""
THOUGHT, THOUGHT_END, THOUGHT_IDS = "<think>", "</think>", 8
"""Tags of a thought, and the ids at the end of a prompt in which an opening tag is looked for."""
SAME_OPENINGS = 32
"""Attempts with the same system prompt and tools before its ids are kept."""
MAX_TOOL_SETS = 64
"""Tool sets that are cached with their compiled schemas."""


class ChatDialect:
    """A renderer of `renderers` as a dialect; `tokenizer` is a Hugging Face tokenizer."""

    name = "chat"
    reasoning_policy = KEPT

    def __init__(self, tokenizer: Any, renderer: str, thinking: bool | None = None, effort: str | None = None) -> None:
        """`thinking` and `effort` are the settings of the teacher; raises TeacherRefused with the setting to change."""
        self._literal = LiteralTokenizer(tokenizer)
        self.tokenizer = str(tokenizer.name_or_path)
        self._renderer = _renderer(self._literal, renderer, thinking, effort)
        self.thinking: Thinking = thinking_in_force(self._renderer.config)
        template = getattr(tokenizer, "chat_template", None) or ""
        self.renderer = f"{self._renderer.config.name} (renderers {version('renderers')})"
        self.template_sha256 = sha256_text(f"{template}\x00{self._renderer.config.model_dump_json()}")
        self.vocabulary_sha256: str | None = self._literal.vocabulary_sha256()
        self._tool_sets: dict[tuple[tuple[str, int], ...], ToolSet] = {}
        self._stops = tuple(self._renderer.get_stop_token_ids())
        self._frames = Frames(self.encode, self.decode, self._literal.guard, tokenizer.added_tokens_decoder)
        self._systems: dict[str, array[int]] = {}
        """The ids of system prompts with their tools, by place."""
        self._appender = Appender(self._renderer, self.renderer, self._frames)
        self._drop_offsets(tokenizer)
        self._read_calls = self._call_reader()

    async def open(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Extension:
        """The first ids of the stream, one piece per message."""
        system, *rows = self._rows(messages)
        place = sha256_text(json.dumps([system, template_specs(tools)]))
        framed = self._frames.extension(place, rows, partial(self._opened_behind, place, system, tools), SAME_OPENINGS)
        if framed:
            return Extension([self._systems[place].tolist(), *framed.pieces], framed.cue)
        return self._opened([system, *rows], tools)

    def _opened(self, rows: list[dict[str, Any]], tools: Sequence[ToolSpec]) -> Extension:
        rendered = self._renderer.render(rows, tools=template_specs(tools), add_generation_prompt=True)
        return split(rendered.token_ids, rendered.message_indices, len(rows))

    def _opened_behind(
        self, place: str, system: dict[str, Any], tools: Sequence[ToolSpec], rows: list[dict[str, Any]]
    ) -> list[Extension]:
        """The ids behind a system prompt, which stay the same. Raises TeacherRefused if its own depend on the rows."""
        opened = self._opened([system, *rows], tools)
        ids = array("i", opened.pieces[0])
        if self._systems.setdefault(place, ids) != ids:
            raise TeacherRefused("the system prompt is written differently for other messages")
        return [Extension(opened.pieces[1:], opened.cue)]

    async def extend(self, stream: Sequence[int], completion: Completion, messages: Sequence[Message]) -> Extension:
        """The ids that the messages append to the stream.

        Only the last turn of the stream is read, so the cost does not grow with the episode. Raises HistoryRewritten
        or TeacherRefused when the renderer cannot append without changing earlier ids.
        """
        prompt = completion.prompt_ids or list(stream[: len(stream) - len(completion.token_ids)])
        return self._appender.append(prompt, completion.token_ids, self._rows(messages))

    async def parse(self, completion: Completion, tools: Sequence[ToolSpec]) -> Parsed:
        """Parse reasoning, content and tool calls; one invalid call makes all calls of the message invalid.

        Only the end of `prompt_ids` is needed: it may open the reasoning.
        """
        tool_set = self._tool_set(tools)
        truncated = completion.finish_reason == "length"
        try:
            reply = self._reply(completion.token_ids, completion.prompt_ids, tool_set, truncated)
        except RecursionError:  # JSON that is nested too deeply for its parser
            return Parsed(self.decode(completion.token_ids), parse="invalid_json")
        content, reasoning = reply.content.strip(), reply.reasoning_content or None
        failure = _truncation(reply) if truncated else tool_set.failure(reply.tool_calls)
        if failure:
            return Parsed(content, reasoning, parse=failure)
        if reply.tool_calls:
            return Parsed(content, reasoning, calls=tool_calls(reply.tool_calls, completion))
        if content:
            return Parsed(content, reasoning, answer=content)
        return Parsed(content, reasoning, parse=_emptiness(reply))

    def _reply(self, ids: list[int], prompt: list[int] | None, tools: ToolSet, truncated: bool) -> Any:
        """The renderer's reading of a completion, with the calls as they were written where their format is known."""
        reply = self._renderer.parse_response(ids, tools=tools.specs, prompt_ids=prompt)
        reply = self._with_opened_thought(reply, ids, prompt or [])
        if truncated or not self._read_calls or not reply.tool_calls or reply.tool_calls[0].token_span is None:
            return reply
        start = reply.tool_calls[0].token_span[0]
        end = min((ids.index(stop) for stop in self._stops if stop in ids), default=len(ids))
        calls = self._read_calls(self.decode(ids[start:end]), tools.schemas)
        if not calls:
            return reply
        if [(call.name, "ok") for call in calls] == [(call.name, call.status) for call in reply.tool_calls]:
            return replace(reply, tool_calls=calls)
        before = self._renderer.parse_response(ids[:start], tools=tools.specs, prompt_ids=prompt)
        return replace(reply, content=before.content, tool_calls=calls)

    def _with_opened_thought(self, reply: Any, ids: list[int], prompt: list[int]) -> Any:
        """The thought that a prompt opened, where the renderer took it for content (DeepSeek-R1 after results)."""
        if reply.reasoning_content or not self.decode(prompt[-THOUGHT_IDS:]).rstrip().endswith(THOUGHT):
            return reply
        thought, closed, content = reply.content.partition(THOUGHT_END)
        if closed:
            return replace(reply, reasoning_content=thought.strip(), content=content)
        if reply.tool_calls or THOUGHT_END in self.decode(ids):
            return reply
        return replace(reply, reasoning_content=thought, content="", reasoning_complete=False)

    def _tool_set(self, tools: Sequence[ToolSpec]) -> ToolSet:
        """The cached tool set of these tools. It references their schemas, so that no id() is reused meanwhile."""
        key = tuple((tool.name, id(tool.parameters)) for tool in tools)
        if key not in self._tool_sets:
            if len(self._tool_sets) >= MAX_TOOL_SETS:
                self._tool_sets.clear()
            self._tool_sets[key] = ToolSet(tools)
        return self._tool_sets[key]

    @property
    def template_options(self) -> dict[str, Any]:
        """The arguments of the chat template with which it writes as the renderer does."""
        return template_options(self._renderer.config)

    def encode(self, text: str) -> list[int]:
        """Ids of plain text, no special tokens added."""
        return self._literal.encode(text, add_special_tokens=False)

    def decode(self, token_ids: Sequence[int]) -> str:
        """Text of the ids, special tokens included."""
        return str(self._literal.decode(list(token_ids), skip_special_tokens=False))

    def sampling(self, sampling: Sampling, *, must_answer: bool, tools: Sequence[ToolSpec]) -> Sampling:
        """The sampling with the renderer's end-of-turn tokens as stops."""
        return replace(sampling, stop_token_ids=self._stops)

    def _rows(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        return [self._row(message) for message in messages]

    def _row(self, message: Message) -> dict[str, Any]:
        row = {"role": message.role, "content": self._literal.guard(message.content)}
        optional = {"name": message.tool, "tool_call_id": message.call_id}
        return row | {key: value for key, value in optional.items() if value}

    def _call_reader(self) -> Reader | None:
        """The reader of the format in which the renderer itself writes a call, if it is known."""
        call = WrittenCall("look", {"at": "it"})
        function = {"name": call.name, "arguments": call.arguments}
        turn = {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"type": "function", "id": "c", "function": function}],
        }
        ids = list(self._renderer.render_ids([QUESTION, turn]))
        start = len(self._renderer.render_ids([QUESTION]))
        written = self._renderer.parse_response(ids[start:]).tool_calls
        if not written or written[0].token_span is None:
            return None
        begin, end = (start + place for place in written[0].token_span)
        return reader_of(self.decode(ids[begin:end]), call)

    def _drop_offsets(self, tokenizer: Any) -> None:
        """Append without character offsets if the pieces stay the same: it saves a third of a turn's time."""
        without = reopened(LiteralTokenizer(tokenizer, offsets=False), self._renderer)
        if self._appender.same_ids(without):
            self._appender.use(without)


def open_chat(settings: TeacherSettings, model: str) -> ChatDialect:
    """The chat dialect of the settings; `model` is the tokenizer (a Hub name or a folder) unless they name one.

    Raises TeacherRefused with the setting to change.
    """
    from renderers.base import load_tokenizer

    tokenizer, where = settings.tokenizer or model, "a Hub name that is not cached, and the Hub does not answer"
    with hub_or_cache(tokenizer) as answered:
        try:
            loaded = load_tokenizer(tokenizer)
        except (OSError, ValueError) as error:
            cause = _first_line(error) if answered else where
            raise TeacherRefused(
                f"tokenizer {tokenizer} cannot be loaded ({cause}); set teacher.tokenizer to the folder of the model"
            ) from error
    return ChatDialect(loaded, settings.renderer, settings.thinking, settings.reasoning_effort)


def _renderer(tokenizer: LiteralTokenizer, name: str, thinking: bool | None, effort: str | None) -> Any:
    try:
        renderer = open_renderer(tokenizer, name, "teacher", thinking, effort)
        tokenizer.fit(renderer)
    except (RendererError, ValueError) as error:
        raise TeacherRefused(str(error)) from error
    return renderer


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _truncation(reply: Any) -> str:
    """The parse failure of a completion that the token limit cut."""
    if reply.tool_calls and reply.tool_calls[-1].status == "unclosed_block":
        return "truncated_call"
    return "truncated_reasoning" if reply.reasoning_complete is False else "truncated"


def _emptiness(reply: Any) -> str:
    """The parse failure of a completion with neither content nor calls."""
    if CALL_PATTERN.search(reply.reasoning_content or ""):
        return "call_in_reasoning"
    return "unclosed_reasoning" if reply.reasoning_complete is False else "empty"
