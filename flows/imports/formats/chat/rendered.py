"""Reads conversations that a chat template has already written as one text, in a field such as `text`.

ChatML (Qwen, Hermes, Phi-4), Llama 3's headers, Gemma's turns, the roles of Zephyr, GLM and Phi-3, and gpt-oss's
Harmony. Source: the chat templates that those models publish, and OpenAI's description of the Harmony format.
"""

import re
from collections.abc import Iterator

from flows.imports.formats.attempt.leftover import leftover
from flows.imports.formats.chat.openseeker import declared
from flows.imports.formats.conversation import Attempt, Call, Format, Message, Refused, Row, Sign
from flows.imports.formats.values.calls import call_of, with_arguments
from flows.imports.formats.values.chat import ROLES
from flows.imports.formats.values.coerce import role_of, truth_of, word
from flows.imports.formats.values.markup import agent, responses
from flows.imports.formats.values.tools import tools_of

NAMES = ("text", "conversation", "chat", "prompt", "completion", "response", "output")
"""Fields that hold such a text; a prompt and its completion are one text."""
HARMONY = re.compile(
    r"<\|start\|>(?P<role>(?:(?!<\|start\|>).){0,200}?)<\|message\|>(?P<text>.*?)(?:<\|(?:end|call|return)\|>|(?=<\|start\|>)|\Z)",
    re.DOTALL,
)
FAMILIES = {
    "ChatML": re.compile(
        r"<\|im_start\|>(?P<role>\w+)(?:<\|im_sep\|>|\n)(?P<text>.*?)(?:<\|im_end\|>|(?=<\|im_start\|>)|\Z)", re.DOTALL
    ),
    "Llama 3": re.compile(
        r"<\|start_header_id\|>(?P<role>\w+)<\|end_header_id\|>\s*(?P<text>.*?)"
        r"(?:<\|eot_id\|>|<\|eom_id\|>|<\|end_of_text\|>|(?=<\|start_header_id\|>)|\Z)",
        re.DOTALL,
    ),
    "Gemma": re.compile(
        r"<start_of_turn>(?P<role>\w+)\n(?P<text>.*?)(?:<end_of_turn>|(?=<start_of_turn>)|\Z)", re.DOTALL
    ),
    "Zephyr": re.compile(
        r"<\|(?P<role>system|user|assistant|observation|tool)\|>\s*(?P<text>.*?)"
        r"(?:</s>|<\|end\|>|<\|endoftext\|>|(?=<\|(?:system|user|assistant|observation|tool)\|>)|\Z)",
        re.DOTALL,
    ),
    "Harmony": HARMONY,
}
RECIPIENT = re.compile(r"to=(\S+?)(?:<\||\s|$)")
CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)")
PYTHON_TAG = "<|python_tag|>"
"""Llama 3 writes it before a call."""
NOT_TOOLS = {"assistant", "user", "all", "system", "developer"}


def rendered(row: Row) -> Attempt:
    """Convert one text; raises Refused without a turn of a known family."""
    text = _text(row)
    name = _family(text)
    if name is None:
        raise Refused("no_messages", "no turn of a known chat template")
    read = _harmony if name == "Harmony" else _turn
    messages = tuple(one for match in FAMILIES[name].finditer(text) for one in read(match["role"], match["text"]))
    if not messages:
        raise Refused("no_messages")
    tools = tools_of(row.get("tools")) or declared(messages)
    beside = leftover({name: row[name] for name in NAMES if name in row}, frozenset(_chosen(row)))
    return Attempt(messages, tools, truth=truth_of(row.get("answer")), model=word(row.get("model")), metadata=beside)


def _chosen(row: Row) -> list[str]:
    """The names of the fields that hold the text: the first, and behind a prompt the next."""
    found = [name for name in NAMES if isinstance(row.get(name), str)]
    return found[:2] if found[:1] == ["prompt"] else found[:1]


def _text(row: Row) -> str:
    return "".join(row[name] for name in _chosen(row))


def _family(text: str) -> str | None:
    """The family with the most turns in the text, at least two."""
    turns = {name: len(pattern.findall(text)) for name, pattern in FAMILIES.items()}
    best = max(turns, key=lambda name: turns[name])
    return best if turns[best] > 1 else None


def _turn(role: str, text: str) -> Iterator[Message]:
    """One turn of a family whose roles are words; an empty one is a prompt for the next."""
    spoken = role_of({"role": role.lower()}, ROLES)
    body = text.strip("\n")
    if spoken == "assistant":
        if body:
            yield _llama_call(body) if body.startswith(PYTHON_TAG) else agent(body)
    elif results := responses(body) if spoken in ("user", "tool") else []:
        yield from results
    elif body:
        yield Message(spoken, body)


def _llama_call(body: str) -> Message:
    """A call after Llama's tag: JSON, or Python for the interpreter."""
    given = body.removeprefix(PYTHON_TAG).strip()
    call = call_of(given) if given.startswith("{") else Call("code_interpreter", {"code": given})
    return Message("assistant", calls=(call,), notes=("text_calls",))


def _harmony(header: str, text: str) -> Iterator[Message]:
    """One message of Harmony: its header names author, channel and recipient."""
    author = re.split(r"[\s<]", header.strip(), maxsplit=1)[0]
    channel, recipient = CHANNEL.search(header), RECIPIENT.search(header)
    called = recipient[1] if recipient else ""
    if author not in ROLES:
        yield Message("tool", text, name=author.removeprefix("functions."))
    elif author == "assistant" and called and called not in NOT_TOOLS:
        yield Message("assistant", calls=(_harmony_call(called.removeprefix("functions."), text),))
    elif author == "assistant" and channel and channel[1] == "analysis":
        yield Message("assistant", reasoning=text)
    else:
        yield Message(ROLES[author], text)


def _harmony_call(name: str, text: str) -> Call:
    """A call whose body is JSON, or a program for the tool `python`."""
    is_json = text.lstrip().startswith("{")
    return with_arguments(name, text) if is_json or not text.strip() else Call(name, {"code": text})


def recognise(row: Row) -> Sign | None:
    """A text with turns of a known chat template, and no list of messages."""
    if any(isinstance(row.get(name), list) for name in ("messages", "conversations", "contents")):
        return None
    name = _family(_text(row))
    return Sign(0.8, f"a text written by a chat template ({name})") if name else None


RENDERED = Format(rendered, frozenset({*NAMES, "tools", "answer", "model"}), recognise, split_completions=True)
