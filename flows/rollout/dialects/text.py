"""The text dialect writes plain-text ReAct lines under a grammar (constrained decoding), for models too small for JSON.

ReAct is by Yao et al. 2022. The conversation is a transcript of lines: `question:`, then in turn the agent's
`search: ...` or `answer: ...` and the factory's `result: ...`. The grammar admits only the tools of the turn, so
every complete line can be parsed. Only new text is encoded; sampled ids stay as they were sampled.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files

from flows.environments.tool import ToolCall, ToolSpec
from flows.rollout.dialects.tool_calls import call_id
from flows.rollout.protocol import (
    NO_THINKING,
    Completion,
    Extension,
    Message,
    Parsed,
    Sampling,
    StreamStart,
    Teacher,
    TeacherRefused,
)
from flows.rollout.tools.observation import clean
from schemas.record import sha256_text

MAX_TEMPERATURE = 0.2
"""Above it, small models drift from the question."""
MAX_TOP_P = 0.95
MAX_LINE_TOKENS = 96
END = "\n"
ANSWER = "answer"
QUESTION, RESULT, NOTE = "question: ", "result: ", "note: "
SEPARATOR = " | "
SPECIAL = re.compile(r"(?<=<)(?=[^\s<])|(?<=\[)(?=/?[A-Z_]+\])")
"""Split points inside text that looks like a special token (`<|im_end|>`, `</s>`, `[INST]`): it is encoded as text."""
RULES = files("flows.rollout.dialects").joinpath("react.gbnf").read_text("utf-8")


class TextDialect:
    """One line per turn; `teacher` encodes new text and decodes completions."""

    name = "text"
    renderer = "react-lines 1"
    reasoning_policy = "none"
    thinking = NO_THINKING
    vocabulary_sha256: str | None = None
    template_sha256 = sha256_text("\x00".join([RULES, QUESTION, RESULT, NOTE, SEPARATOR]))

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher
        self._start: list[int] | None = None

    async def open(self, messages: Sequence[Message], tools: Sequence[ToolSpec]) -> Extension:
        """The system text as it is, then the question on one line, behind BOS where the model asks for it.

        Raises TeacherRefused for a tool that cannot be called in one line of text.
        """
        grammar(tools, must_answer=False)
        system = [f"{message.content.strip()}{END}{END}" for message in messages if message.role == "system"]
        questions = [f"{QUESTION}{_one_line(message.content)}{END}" for message in messages if message.role != "system"]
        pieces = [await self._encode(text) for text in [*system, *questions]]
        pieces[0][:0] = await self._start_ids()
        return Extension(pieces)

    async def extend(self, stream: Sequence[int], completion: Completion, messages: Sequence[Message]) -> Extension:
        """The messages as lines; the line of a truncated completion is ended first."""
        lines = [f"{RESULT if message.tool else NOTE}{_one_line(message.content)}{END}" for message in messages]
        if lines and not (await self._teacher.decode(completion.token_ids)).endswith(END):
            lines[0] = END + lines[0]
        return Extension([await self._encode(line) for line in lines])

    async def parse(self, completion: Completion, tools: Sequence[ToolSpec]) -> Parsed:
        """Parse a line; `parse` is ok, truncated, empty, unknown_tool or invalid_arguments."""
        text = await self._teacher.decode(completion.token_ids)
        line = text.strip()
        if completion.finish_reason == "length" and not text.endswith(END):
            return Parsed(line, parse="truncated")
        name, _, rest = line.partition(":")
        rest = rest.strip()
        if not rest:
            return Parsed(line, parse="empty")
        if name == ANSWER:
            return Parsed(line, answer=rest)
        tool = next((tool for tool in tools if tool.name == name), None)
        if tool is None:
            return Parsed(line, parse="unknown_tool")
        parts = [part.strip() for part in rest.split(SEPARATOR, len(_parameters(tool)) - 1)]
        if len(parts) != len(_parameters(tool)):
            return Parsed(line, parse="invalid_arguments")
        arguments: dict[str, object] = dict(zip(_parameters(tool), parts, strict=True))
        return Parsed("", calls=(ToolCall(call_id(completion), name, arguments),))

    def sampling(self, sampling: Sampling, *, must_answer: bool, tools: Sequence[ToolSpec]) -> Sampling:
        """One short line, nearly greedy, under the grammar of the tools."""
        return replace(
            sampling,
            temperature=min(sampling.temperature, MAX_TEMPERATURE),
            top_p=min(sampling.top_p, MAX_TOP_P),
            sources=dict(sampling.sources) | _lowered(sampling),
            max_tokens=min(sampling.max_tokens, MAX_LINE_TOKENS),
            stop=(END,),
            grammar=grammar(tools, must_answer=must_answer),
        )

    async def _start_ids(self) -> list[int]:
        """Ids before the text; models that were trained with BOS read nothing well without it."""
        if self._start is None:
            self._start = await self._teacher.start_ids() if isinstance(self._teacher, StreamStart) else []
        return self._start

    async def _encode(self, text: str) -> list[int]:
        encoded = [await self._teacher.encode(part) for part in SPECIAL.split(text)]
        return [token for ids in encoded for token in ids]


def grammar(tools: Sequence[ToolSpec], *, must_answer: bool) -> str:
    """GBNF grammar of one line: a call of one of the tools, or an answer; with `must_answer`, only an answer.

    Raises TeacherRefused for a tool without required parameters, or with a required parameter that is not a string.
    """
    calls = [] if must_answer else [_call_rule(tool) for tool in tools]
    return f"root ::= ({' | '.join([*calls, ANSWER])}) newline\n{RULES}"


def _call_rule(tool: ToolSpec) -> str:
    return f'"{tool.name}: " ' + f' "{SEPARATOR}" '.join("part" for _ in _parameters(tool))


def _parameters(tool: ToolSpec) -> list[str]:
    """Names of the tool's required parameters, in the order of the parts of its line."""
    required, known = tool.parameters.get("required"), tool.parameters.get("properties")
    if not isinstance(required, list) or not required or not isinstance(known, dict):
        raise TeacherRefused(f"the text dialect cannot call {tool.name}: the tool has no required parameter")
    if any(known[name].get("type") != "string" for name in required):
        raise TeacherRefused(f"the text dialect cannot call {tool.name}: a required parameter is not a string")
    return [str(name) for name in required]


def _lowered(sampling: Sampling) -> dict[str, str]:
    """The parameters whose value is the dialect's own, with that source."""
    lower = {"temperature": sampling.temperature > MAX_TEMPERATURE, "top_p": sampling.top_p > MAX_TOP_P}
    return {name: "dialect" for name, lowered in lower.items() if lowered}


def _one_line(text: str) -> str:
    return " ".join(clean(text).split())
