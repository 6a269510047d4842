"""Reads xLAM and APIGen function calling (Salesforce/xlam-function-calling-60k): one question, its calls, no
results.

A row has `id`, `query`, `tools` and `answers`, the calls, as JSON text. Parameters carry Python's types, `str,
optional`. The calls are the answer, so the attempt has no result and ends with them.
"""

import json

from flows.imports.formats.conversation import Attempt, Format, Message, Row, Sign
from flows.imports.formats.values.calls import call_of
from flows.imports.formats.values.coerce import listed, text
from flows.imports.formats.values.tools import tools_of, with_json_types


def xlam(row: Row) -> Attempt:
    """Convert one question; its calls are also the answer, as JSON."""
    calls = tuple(call_of(one) for one in listed(row.get("answers"), "bad_call"))
    tools = [tool | {"function": with_json_types(tool["function"])} for tool in tools_of(row.get("tools"))]
    answer = [{"name": call.name, "arguments": call.arguments} for call in calls]
    return Attempt(
        messages=(Message("user", text(row.get("query"))), Message("assistant", calls=calls)),
        tools=tools,
        final_answer=json.dumps(answer, ensure_ascii=False) if calls else None,
    )


def recognise(row: Row) -> Sign | None:
    """The fields `query`, `answers` and `tools`."""
    found = {"query", "answers", "tools"} <= row.keys()
    return Sign(0.9, "the fields `query`, `answers` and `tools`") if found else None


XLAM = Format(xlam, frozenset({"query", "answers", "tools"}), recognise)
