"""Compares tokenizer and chat template of the dialect with those of the server, before the first attempt.

A wrong tokenizer or renderer raises no error by itself: the model reads garbage and answers with garbage. A vLLM server
renders messages with its own template and returns the ids, so both sides can be compared id by id.
"""

import logging
from collections.abc import Sequence

from flows.environments.tool import ToolSpec
from flows.rollout.dialects.chat import ChatDialect
from flows.rollout.dialects.tool_calls import template_specs
from flows.rollout.protocol import Message, Teacher, TeacherError, TeacherRefused, TemplateServer

LOG = logging.getLogger(__name__)
TEXT = "The quick brown fox, 2024: naïve Größe, 日本語の文, 🙂 \t{\"a\": [1.5, 'b']}\n\n  def f(x):  # end"
MESSAGES = (Message("system", "Answer."), Message("user", "What is 2 + 2?"))
PARAMETERS: dict[str, object] = {
    "type": "object",
    "properties": {"query": {"type": "string", "description": "Words."}},
    "required": ["query"],
}
TOOLS = (ToolSpec("search", "Search the library.", PARAMETERS),)
SHOWN = 6
"""Ids that a message shows from the first difference on."""


async def prove(dialect: ChatDialect, teacher: Teacher) -> None:
    """Compare a text and an opening with the server's own ids.

    Raises TeacherRefused with the first ids that differ and the settings to change. A server that cannot render
    messages is compared by the text only, and one that cannot tokenize not at all; a warning says so.
    """
    try:
        theirs = await teacher.encode(TEXT)
    except TeacherError as error:
        LOG.warning("the server's tokenizer cannot be compared with teacher.tokenizer: %s", error)
        return
    if difference := _difference(dialect, theirs, dialect.encode(TEXT)):
        raise TeacherRefused(
            f"the server's tokenizer is not that of teacher.tokenizer ({dialect.tokenizer}): {difference}. "
            "Set teacher.tokenizer to the folder or the Hub name of the model that the server serves"
        )
    opened = await dialect.open(MESSAGES, TOOLS)
    ours = [token for piece in opened.pieces for token in piece] + opened.cue
    rendered = await _rendered(teacher, dialect)
    if rendered is None:
        LOG.warning("the server renders no messages: only its tokenizer was compared, not its chat template")
    elif difference := _difference(dialect, rendered, ours):
        raise TeacherRefused(
            f"the server's chat template is not that of the renderer {dialect.renderer}: {difference}. Set "
            "teacher.renderer to the model's family (or auto) and teacher.tokenizer to the folder of the model; or "
            "teacher.check_template = false, if the server was started with another template on purpose"
        )


async def _rendered(teacher: Teacher, dialect: ChatDialect) -> list[int] | None:
    if not isinstance(teacher, TemplateServer):
        return None
    messages = [{"role": message.role, "content": message.content} for message in MESSAGES]
    return await teacher.template_ids(messages, template_specs(TOOLS), dialect.template_options)


def _difference(dialect: ChatDialect, theirs: Sequence[int], ours: Sequence[int]) -> str | None:
    """Position, ids and texts of the first difference, in words; None if there is none."""
    if list(theirs) == list(ours):
        return None
    pairs = enumerate(zip(theirs, ours, strict=False))
    at = next((at for at, (one, other) in pairs if one != other), min(len(theirs), len(ours)))
    sides = (("the server has", theirs), ("we have", ours))
    shown = [f"{who} {list(ids[at : at + SHOWN])} ({_text(dialect, ids[at : at + SHOWN])!r})" for who, ids in sides]
    return f"ids differ from position {at} of {len(theirs)} on: {' where '.join(shown)}"


def _text(dialect: ChatDialect, ids: Sequence[int]) -> str:
    try:
        return dialect.decode(ids)
    except (OverflowError, IndexError, TypeError, ValueError):
        return "ids that our tokenizer does not have"
