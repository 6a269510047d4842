"""Parses calls within text: <tool_call> JSON, <function=…>, <use_mcp_tool> and <invoke>; and <tool_response> results.

Qwen, Hermes, Tongyi's agents, OpenHands, Cline, MiroThinker and Claude's older prompts use these tags. Text without
them is left unchanged.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from flows.imports.formats.conversation import Call, Message, Refused
from flows.imports.formats.values.calls import call_of, with_arguments
from flows.imports.formats.values.coerce import parsed_json
from flows.imports.formats.values.reasoning import thought

CALL = re.compile(r"<tool_call>(.*?)</tool_call>", re.DOTALL)
RESPONSE = re.compile(r"<tool_response>\n?(.*?)\n?</tool_response>", re.DOTALL)
ANSWER = re.compile(r"<answer>(.*?)</answer>", re.DOTALL)
FUNCTION = re.compile(r"<function=([\w.:-]+)>(.*?)(?:</function>|\Z)", re.DOTALL)
PARAMETER = re.compile(r"<parameter=([\w.:-]+)>(.*?)</parameter>", re.DOTALL)
INVOKE = re.compile(r'<(?:\w+:)?invoke name="([^"]+)">(.*?)</(?:\w+:)?invoke>', re.DOTALL)
NAMED = re.compile(r'<(?:\w+:)?parameter name="([^"]+)"[^>]*>(.*?)</(?:\w+:)?parameter>', re.DOTALL)
MCP = re.compile(
    r"<use_mcp_tool>\s*<server_name>([^<]*)</server_name>\s*<tool_name>([^<]*)</tool_name>\s*"
    r"<arguments>((?:(?!<use_mcp_tool>).)*?)</arguments>\s*</use_mcp_tool>",
    re.DOTALL,
)
AROUND_CALLS = re.compile(r"</?(?:\w+:)?(?:tool_calls?|function_calls?)(?:_begin|_end)?>")
"""Tags that some sets write around all calls of a message."""
TAGS = ("<tool_call>", "<function=", "<use_mcp_tool>", "invoke name=")


def agent(text: str) -> Message:
    """An assistant message with its reasoning and calls separated; raises Refused on an unreadable call."""
    reasoning, visible = thought(text)
    calls, rest = text_calls(visible)
    return Message("assistant", rest, reasoning, calls)


def text_calls(text: str) -> tuple[tuple[Call, ...], str]:
    """The calls in a text, in order, and the text around them; raises Refused on an unreadable call."""
    if not any(tag in text for tag in TAGS):
        return (), text
    found: list[tuple[int, int, list[Call]]] = []
    for pattern, closing, read in READERS:
        for match in pattern.finditer(closed(text, closing) if closing else text):
            if not any(start <= match.start() < end for start, end, _ in found):
                found.append((match.start(), match.end(), list(read(match))))
    if not found:
        return (), text
    rest, at = "", 0
    for start, end, _ in sorted(found):
        rest, at = rest + text[at:start], end
    calls = tuple(call for _, _, made in sorted(found, key=lambda one: one[:2]) for call in made)
    return calls, AROUND_CALLS.sub("", rest + text[at:]).strip()


def _tagged(match: re.Match[str]) -> Iterator[Call]:
    """The call between two tags, or a list of calls as LLaMA-Factory's converter and the factory's view write it."""
    if inner := FUNCTION.search(match[1]):
        yield from _function(inner)
        return
    calls = parsed_json(match[1].strip(), "bad_call")
    if calls == []:
        raise Refused("bad_call", "no call between the tags")
    for one in calls if isinstance(calls, list) else [calls]:
        yield call_of(one)


def _function(match: re.Match[str]) -> Iterator[Call]:
    yield Call(
        match[1], {name: _unpadded(value) for name, value in PARAMETER.findall(closed(match[2], "</parameter>"))}
    )


def _invoke(match: re.Match[str]) -> Iterator[Call]:
    yield Call(
        match[1], {name: _unpadded(value) for name, value in NAMED.findall(closed(match[2], r"</(?:\w+:)?parameter>"))}
    )


def _mcp(match: re.Match[str]) -> Iterator[Call]:
    yield with_arguments(match[2].strip(), match[3].strip())


READERS: list[tuple[re.Pattern[str], str, Callable[[re.Match[str]], Iterator[Call]]]] = [
    (CALL, "</tool_call>", _tagged),
    (MCP, "</use_mcp_tool>", _mcp),
    (INVOKE, r"</(?:\w+:)?invoke>", _invoke),
    (FUNCTION, "", _function),
]
"""Pattern, the tag that ends each of its matches, and the reader of a match; a function may also end with the text."""


def closed(text: str, closing: str) -> str:
    """The text up to the last closing tag, where every opening tag has one: without it each would search to the end."""
    return text[: max((match.end() for match in re.finditer(closing, text)), default=0)]


def _unpadded(value: str) -> str:
    """A parameter's text without the one newline after its opening and before its closing tag."""
    return value.removeprefix("\n").removesuffix("\n")


def servers_of(text: str) -> dict[str, str]:
    """Tool name -> name of its MCP server, of the <use_mcp_tool> tags in a text."""
    return {match[2].strip(): match[1].strip() for match in MCP.finditer(closed(text, "</use_mcp_tool>"))}


def responses(text: str) -> list[Message]:
    """Tool results of a text that consists of <tool_response> tags only; else an empty list."""
    within = closed(text, "</tool_response>")
    if text[len(within) :].strip() or RESPONSE.sub("", within).strip():
        return []
    return [Message("tool", body) for body in RESPONSE.findall(within)]


def answered(message: Message) -> Message:
    """The message reduced to the content of its <answer> tags, if it has them."""
    found = ANSWER.search(closed(message.content, "</answer>"))
    return replace(message, content=found[1].strip()) if found else message
