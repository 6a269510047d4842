"""Registry of import formats, by the name that `factory import --format` takes. A new format is one line here.

Whatever the format, every row is completed in the same way: calls are paired with results, the ending and the
verdicts are found, schemas are inferred where there are none, and unread fields are kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from flows.imports.formats.agents.adp import ADP
from flows.imports.formats.agents.atif import ATIF
from flows.imports.formats.agents.mini_swe_agent import MINI_SWE_AGENT
from flows.imports.formats.agents.openhands import OPENHANDS
from flows.imports.formats.agents.smolagents import SMOLAGENTS
from flows.imports.formats.agents.swe_agent import SWE_AGENT
from flows.imports.formats.agents.tau_bench import TAU_BENCH
from flows.imports.formats.apis.ai_sdk import AI_SDK
from flows.imports.formats.apis.bedrock import BEDROCK
from flows.imports.formats.apis.gemini import GEMINI
from flows.imports.formats.apis.langchain import LANGCHAIN
from flows.imports.formats.apis.opentelemetry import OPENTELEMETRY
from flows.imports.formats.apis.pydantic_ai import PYDANTIC_AI
from flows.imports.formats.apis.responses import RESPONSES
from flows.imports.formats.attempt.endings import ended
from flows.imports.formats.attempt.leftover import media_notes, with_leftover
from flows.imports.formats.attempt.outcomes import Named, missing, outcomes_of
from flows.imports.formats.attempt.pairing import joined, paired
from flows.imports.formats.calling.glaive import GLAIVE
from flows.imports.formats.calling.hermes import HERMES
from flows.imports.formats.calling.sharegpt import SHAREGPT
from flows.imports.formats.calling.toolbench import TOOLBENCH
from flows.imports.formats.calling.xlam import XLAM
from flows.imports.formats.chat.anthropic import ANTHROPIC
from flows.imports.formats.chat.dolci import DOLCI
from flows.imports.formats.chat.messages import MESSAGES
from flows.imports.formats.chat.openresearcher import OPENRESEARCHER
from flows.imports.formats.chat.openseeker import OPENSEEKER
from flows.imports.formats.chat.rendered import RENDERED
from flows.imports.formats.chat.toucan import TOUCAN
from flows.imports.formats.chat.trl import TRL
from flows.imports.formats.conversation import Attempt, Format, Message, Outcome, Refused, Row, Sign
from flows.imports.formats.logs.claude_code import CLAUDE_CODE
from flows.imports.formats.logs.codex import CODEX
from flows.imports.formats.logs.inspect_log import INSPECT
from flows.imports.formats.logs.verifiers import VERIFIERS
from flows.imports.formats.values.tools import coerced, inferred_tools

FORMATS: dict[str, Format] = {
    "messages": MESSAGES,
    "anthropic": ANTHROPIC,
    "trl": TRL,
    "openseeker": OPENSEEKER,
    "openresearcher": OPENRESEARCHER,
    "toucan": TOUCAN,
    "dolci": DOLCI,
    "sharegpt": SHAREGPT,
    "hermes": HERMES,
    "glaive": GLAIVE,
    "xlam": XLAM,
    "toolbench": TOOLBENCH,
    "atif": ATIF,
    "adp": ADP,
    "openhands": OPENHANDS,
    "swe-agent": SWE_AGENT,
    "mini-swe-agent": MINI_SWE_AGENT,
    "tau-bench": TAU_BENCH,
    "smolagents": SMOLAGENTS,
    "responses": RESPONSES,
    "gemini": GEMINI,
    "bedrock": BEDROCK,
    "langchain": LANGCHAIN,
    "ai-sdk": AI_SDK,
    "pydantic-ai": PYDANTIC_AI,
    "opentelemetry": OPENTELEMETRY,
    "rendered": RENDERED,
    "claude-code": CLAUDE_CODE,
    "codex": CODEX,
    "inspect": INSPECT,
    "verifiers": VERIFIERS,
}
AUTO = "auto"


def attempt_of(row: object, format: str, outcomes: Sequence[Named] = ()) -> Attempt:
    """Convert a row with its format, or the one recognised in it, and complete it; raises Refused."""
    row = _as_object(row)
    name, sign = recognised(row) if format == AUTO else (format, None)
    chosen = FORMATS[name]
    read = chosen.convert(row)
    whole = list(joined(read.messages) if chosen.split_completions else read.messages)
    messages, answer, after = ended(paired(_typed(whole, read.tools)))
    images = sum(message.notes.count("image") for message in messages)
    attempt = replace(
        read,
        messages=tuple(messages),
        final_answer=read.final_answer if read.final_answer is not None else answer,
        outcomes=_outcomes(read.outcomes, outcomes_of(row, outcomes)),
        notes=(*read.notes, *media_notes(row, images), *(f"missing:{one}" for one in missing(row, outcomes))),
        metadata=read.metadata | after,
        format=name,
        sign=sign,
    )
    _check(attempt)
    return _with_tools(replace(attempt, metadata=with_leftover(attempt, row, chosen.fields)))


def recognised(row: Row) -> tuple[str, Sign]:
    """The most likely format of a row and the sign of it; raises Refused without any sign."""
    signs = [(name, sign) for name, format in FORMATS.items() if (sign := format.recognise(row))]
    if not signs:
        raise Refused("unknown_format", ", ".join(map(str, row))[:80])
    return max(signs, key=lambda one: one[1].sure)


def _as_object(row: object) -> Row:
    """The row, or a bare list of messages as a row; raises Refused on anything else."""
    if isinstance(row, list) and row and all(isinstance(one, dict) and ("role" in one or "from" in one) for one in row):
        return {"messages" if "role" in row[0] else "conversations": row}
    if not isinstance(row, dict):
        raise Refused("not_an_object", type(row).__name__)
    return row


def _outcomes(own: tuple[Outcome, ...], columns: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    """Verdicts that the format reads, and those of columns with other names."""
    names = {one.column for one in own}
    return (*own, *(one for one in columns if one.column not in names))


def _check(attempt: Attempt) -> None:
    users = [one for one in attempt.messages if one.role == "user"]
    if not any(one.content.strip() for one in users):
        raise Refused("no_instruction")
    if all(one.content.replace("[image]", "").strip() == "" for one in users):
        raise Refused("not_text", "the question is an image")
    if not any(message.role == "assistant" for message in attempt.messages):
        raise Refused("no_agent")


def _typed(messages: Sequence[Message], tools: Sequence[Row]) -> Iterator[Message]:
    """Messages whose calls were read from XML, with each argument as the type that the tool's schema declares."""
    schemas = {tool["function"]["name"]: tool["function"].get("parameters") for tool in tools}
    for message in messages:
        if "text_calls" not in message.notes:
            yield message
            continue
        calls = []
        for call in message.calls:
            schema = schemas.get(call.name)
            fields = schema.get("properties") if isinstance(schema, dict) else None
            types = fields if isinstance(fields, dict) else {}
            given = {
                key: coerced(value, types.get(key)) if isinstance(value, str) else value
                for key, value in call.arguments.items()
            }
            calls.append(replace(call, arguments=given))
        yield replace(message, calls=tuple(calls))


def _with_tools(attempt: Attempt) -> Attempt:
    """The attempt with schemas inferred from its calls, if the set gives none."""
    inferred = [] if attempt.tools else inferred_tools(call for one in attempt.messages for call in one.calls)
    if not inferred:
        return attempt
    return replace(attempt, tools=inferred, notes=(*attempt.notes, "inferred_tools"))
