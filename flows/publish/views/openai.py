"""The views `trl` and `prime-rl`: messages as OpenAI's API writes them, with arguments and tools as JSON strings.

JSON stays a string wherever the trainer accepts one: readers that turn objects into structs pad every tool call
with nulls.
"""

import pyarrow as pa

from flows.publish.views.messages import as_json, tool_calls
from flows.publish.views.view import MESSAGE_COLUMNS, Message, ReleaseView, Row


def openai(row: Row) -> Row:
    """The id, the messages and the tools of a released row, as OpenAI's API writes them; prime-rl reads both."""
    return {
        "trajectory_id": row["trajectory_id"],
        "messages": [openai_message(message) for message in row["messages"]],
        "tools": row["tools"],
    }


def openai_message(message: Message) -> Message:
    """A message as OpenAI's API writes it; content is never null, arguments are JSON text."""
    calls = [
        {
            "id": call["id"],
            "type": "function",
            "function": {"name": call["name"], "arguments": as_json(call["arguments"])},
        }
        for call in tool_calls(message)
    ]
    return message | {"content": message["content"] or "", "tool_calls": calls or None}


def message_type(json_type: pa.DataType) -> pa.StructType:
    """The Arrow type of `openai_message`, given the type of its JSON values (text, or Arrow's JSON type)."""
    function = pa.struct([("name", pa.string()), ("arguments", json_type)])
    call = pa.struct([("id", pa.string()), ("type", pa.string()), ("function", function)])
    return pa.struct(
        [
            ("role", pa.string()),
            ("content", pa.large_string()),
            ("reasoning_content", pa.large_string()),
            ("tool_calls", pa.list_(call)),
            ("tool_call_id", pa.string()),
            ("name", pa.string()),
        ]
    )


def _schema(json_type: pa.DataType) -> pa.Schema:
    messages = pa.list_(message_type(json_type))
    return pa.schema([("trajectory_id", pa.string()), ("messages", messages), ("tools", pa.large_string())])


TRL = ReleaseView(openai, MESSAGE_COLUMNS, "parquet", _schema)
"""Parquet with arguments of the JSON type: `datasets` 5 loads each as a mapping of its own keys.

Chat templates of Qwen3.5 and later iterate over the arguments and fail on a string.
"""
PRIME_RL = ReleaseView(openai, MESSAGE_COLUMNS)
