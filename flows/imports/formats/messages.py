"""OpenAI's messages and tools: what TRL and prime-rl train on, and the rows of our own releases and their views.

`messages` is a list, or JSON of one; `tools` likewise. An assistant's `function_call` and the `function` that
answers it are read as what they became, `tool_calls` and `tool`. Optional beside them: `answer` (ground truth),
`final_answer`, `teacher_model` or `model`.
"""

from flows.imports.formats.coerce import messages_of, openai, tools_of, word
from flows.imports.formats.conversation import Attempt, Row


def messages(row: Row) -> Attempt:
    """A row of messages and tools."""
    return Attempt(
        messages=tuple(openai(message) for message in messages_of(row.get("messages"))),
        tools=tools_of(row.get("tools")),
        truth=word(row.get("answer")),
        final_answer=word(row.get("final_answer")),
        model=word(row.get("teacher_model") or row.get("model")),
    )
