"""The view `ms-swift`: its standard messages, in which each tool call and each tool result is a message of its own."""

from collections.abc import Iterator

from flows.publish.views.messages import as_json, in_call_order, think_block, tool_calls
from flows.publish.views.view import MESSAGE_COLUMNS, Message, ReleaseView, Row


def ms_swift(row: Row) -> Row:
    """The messages and tools of a released row; reasoning is written as a `<think>` block in the content.

    ms-swift trains every message of the agent but those with `loss` false: turns that the release does not train.
    """
    return {
        "messages": [one for message in in_call_order(row["messages"]) for one in _messages(message)],
        "tools": row["tools"],
    }


def _messages(message: Message) -> Iterator[Message]:
    if message["role"] == "tool":
        yield {"role": "tool_response", "content": message["content"] or ""}
        return
    unlearned = {} if message["trainable"] or message["role"] != "assistant" else {"loss": False}
    calls, content = tool_calls(message), think_block(message["reasoning_content"]) + (message["content"] or "")
    if content or not calls:
        yield {"role": message["role"], "content": content} | unlearned
    for call in calls:
        yield {
            "role": "tool_call",
            "content": as_json({"name": call["name"], "arguments": call["arguments"]}),
        } | unlearned


MS_SWIFT = ReleaseView(ms_swift, MESSAGE_COLUMNS)
