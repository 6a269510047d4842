"""Streams the rows of a text file by its layout: lines, the values of documents, or one session.

An unreadable row yields a refusal and reading continues. Evaluation logs that hold all their samples in one document
(Inspect's `samples`, tau2-bench's `simulations`) are split into one row per sample.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import IO, Any

from flows.imports.formats.conversation import Refused, Row
from flows.imports.formats.logs.claude_code import EVENTS
from flows.imports.formats.values.coerce import from_json, object_of
from flows.imports.reading.json_documents import json_values
from flows.imports.reading.layout import HEAD_BYTES, MARK, layout_of
from flows.imports.reading.rows import LONGEST_ROW, RawRow

LONGEST_DOCUMENT = 512 * 1024 * 1024
"""Maximum bytes of one document or session, whose rows are held in memory."""
SAMPLES = {b'"samples"': ("samples", "eval"), b'"simulations"': ("simulations", "tasks")}
"""Text that a log of many samples contains -> the field of its samples, and another that such a log has."""


def rows_of_text(open_stream: Callable[[], Any], first: int = 0) -> Iterator[RawRow]:
    """The rows of one stream, numbered from `first`; for lines the number is that of the line."""
    with open_stream() as file:
        layout = layout_of(file.read(HEAD_BYTES))
    with open_stream() as file:
        if layout == "lines":
            yield from _split(_of_lines(file, first))
        elif layout == "session":
            yield from _of_session(_of_lines(file, first))
        else:
            longest = LONGEST_ROW if layout == "array" else LONGEST_DOCUMENT
            values = json_values(file, in_array=layout == "array", longest=longest)
            yield from _split(RawRow(first + at, size, value) for at, (size, value) in enumerate(values))


def _of_lines(file: IO[bytes], first: int) -> Iterator[RawRow]:
    number = first - 1
    while line := file.readline(LONGEST_ROW + 1):
        number += 1
        text = line.removeprefix(MARK) if number == first else line
        if len(line) > LONGEST_ROW:
            yield RawRow(number, _rest_of_line(file, len(line)), Refused("too_long"))
        elif text.strip():
            yield RawRow(number, len(line), text)


def _rest_of_line(file: IO[bytes], size: int) -> int:
    while chunk := file.readline(LONGEST_ROW):
        size += len(chunk)
        if chunk.endswith(b"\n"):
            break
    return size


def _of_session(lines: Iterator[RawRow]) -> Iterator[RawRow]:
    """One row per session of the log, at its first line; unreadable lines are refused one by one."""
    sessions: dict[str, list[Row]] = defaultdict(list)
    started: dict[str, int] = {}
    sizes: dict[str, int] = defaultdict(int)
    name = ""
    for line in lines:
        try:
            event = line.value()
        except Refused as refusal:
            yield RawRow(line.row, line.size, refusal)
            continue
        if isinstance(event, dict):
            name = str(event.get("sessionId") or name)
            started.setdefault(name, line.row)
            sizes[name] += line.size
            if sizes[name] <= LONGEST_DOCUMENT:
                sessions[name].append(event)
    leading = sessions.pop("", []) if len(sessions) > 1 else []
    for at, (session, events) in enumerate(sessions.items()):
        content = {EVENTS: [*leading, *events] if at == 0 else events}
        too_long = sizes[session] > LONGEST_DOCUMENT
        yield RawRow(started[session], sizes[session], Refused("too_long") if too_long else content)


def _split(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    """Rows; a log of many samples becomes one row per sample, and later rows are numbered on."""
    shift = 0
    for row in rows:
        samples = _samples(row.content)
        for at, sample in enumerate(samples):
            yield RawRow(row.row + shift + at, row.size // len(samples), sample)
        if samples:
            shift += len(samples) - 1
        else:
            yield RawRow(row.row + shift, row.size, row.content)


def _about(log: object) -> Row:
    """Fields that a log holds once for all samples: the model, and in tau2-bench the policy and the tools."""
    info = object_of(log)
    world = object_of(info.get("environment_info"))
    tools = world.get("tool_defs")
    found = {
        "model": info.get("model") or object_of(info.get("agent_info")).get("llm"),
        "policy": world.get("policy"),
        "tools": list(tools.values()) if isinstance(tools, dict) else tools,
    }
    return {key: value for key, value in found.items() if value}


def _task(log: Row, sample: Row) -> Row:
    """The task of a sample, which tau2-bench lists apart, by its id."""
    tasks = log.get("tasks")
    listed = [one for one in tasks if isinstance(one, dict)] if isinstance(tasks, list) else []
    found = next((one for one in listed if "id" in one and one["id"] == sample.get("task_id")), None)
    return {"task": found} if found else {}


def _samples(content: bytes | Row | Refused) -> list[Row]:
    """The samples of an evaluation log, each with the log's model and tools; empty for every other row."""
    if not isinstance(content, bytes):
        return []
    for text, (field, beside) in SAMPLES.items():
        if text not in content:
            continue
        try:
            log = from_json(content)
        except Refused:
            return []
        found = log.get(field) if isinstance(log, dict) and beside in log else None
        if isinstance(found, list) and found and all(isinstance(one, dict) for one in found):
            about = _about(log.get("eval") or log.get("info"))
            return [about | _task(log, one) | {key: one[key] for key in one if one[key] is not None} for one in found]
    return []
