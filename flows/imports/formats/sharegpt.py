"""ShareGPT's conversations, with the roles that FastChat, LLaMA-Factory and Hermes gave them.

`conversations` is a list of {from, value}; `system` and `tools` may stand beside. A call is the value of a
`function_call`, or a <tool_call> in what the model wrote; what several calls returned may stand in one
`observation`, as our own LLaMA-Factory view writes it.
"""

from collections.abc import Iterator

from flows.imports.formats.coerce import call_of, listed, messages_of, opened, role_of, text, tools_of, word
from flows.imports.formats.conversation import Attempt, Message, Row
from flows.imports.formats.markup import CALL, agent, responses, thought
from flows.imports.formats.openseeker import declared

SPEAKERS = {
    "system": "system",
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys(("gpt", "assistant", "chatgpt", "bing", "bard", "model"), "assistant"),
    "function_call": "assistant",
    **dict.fromkeys(("observation", "tool", "function_response"), "tool"),
}
MERGED = "\n</tool_response>\n<tool_response>\n"
"""What LLaMA-Factory writes between the observations of one turn."""


def sharegpt(row: Row) -> Attempt:
    """A conversation; tools are read from beside it, or from the system prompt's <tools>."""
    said = row.get("conversations") or row.get("conversation")
    messages = tuple(one for message in messages_of(said) for one in _message(message))
    system = text(row.get("system"))
    if system:
        messages = (Message("system", system), *messages)
    return Attempt(messages, tools_of(row.get("tools")) or declared(messages), model=word(row.get("model")))


def _message(message: Row) -> Iterator[Message]:
    speaker = message.get("from", message.get("role"))
    role = role_of({"from": speaker}, SPEAKERS, "from")
    said = text(message.get("value", message.get("content")))
    if role == "tool":
        yield from responses(said) or (Message(role, part) for part in said.split(MERGED))
    elif role != "assistant":
        yield Message(role, said)
    elif speaker == "function_call" and not CALL.search(said):
        reasoning, rest = thought(said)
        made = opened(rest, "bad_call")
        calls = listed(made, "bad_call") if isinstance(made, list) else [made]
        yield Message(role, reasoning=reasoning, calls=tuple(call_of(one) for one in calls))
    else:
        yield agent(said)
