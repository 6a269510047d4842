"""Reads OpenAI's messages and tools: the format of TRL, prime-rl, and the factory's own releases and views.

`messages` and `tools` are lists or their JSON text. The older `function_call` and role `function` are read as
`tool_calls` and `tool`. Optional fields: `answer` (ground truth), `final_answer`, `teacher_model` or `model`.
"""

from flows.imports.formats.coerce import messages_of, openai, tools_of, word
from flows.imports.formats.conversation import Attempt, Row


def messages(row: Row) -> Attempt:
    """Convert one row of messages and tools."""
    return Attempt(
        messages=tuple(openai(message) for message in messages_of(row.get("messages"))),
        tools=tools_of(row.get("tools")),
        truth=word(row.get("answer")),
        final_answer=word(row.get("final_answer")),
        model=word(row.get("teacher_model") or row.get("model")),
    )
