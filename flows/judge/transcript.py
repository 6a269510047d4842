"""Writes an attempt as text for a judge: fenced by a mark that the attempt cannot know, and cut to a size.

The mark is a hash of the whole attempt, so no text in it can hold its own mark, and equal attempts give equal prompts.
Text that only looks like a tag or a turn's heading is escaped. Whatever is cut is counted in its place.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from flows.judge.attempts import Attempt
from flows.judge.rubric import PACKAGE
from schemas import sha256_text
from schemas.prompt import prompt

MARK_CHARS = 16
LOOKALIKE = re.compile(r"<(?=/?(?:task|tools|transcript|answer|truth)-)|===(?= turn )", re.IGNORECASE)
SIDE_SHARE = 8
"""Task, tools, answer and truth have at most one SIDE_SHARE-th of the size each; the transcript has the rest."""
FIELD_SHARE = 12
"""One text of a turn has at most one FIELD_SHARE-th of the transcript's size, an observation also OBSERVATION_CHARS."""
OBSERVATION_CHARS = 6_000


def material(attempt: Attempt, max_chars: int, *, show_truth: bool, form: str = "material") -> tuple[str, list[int]]:
    """The user message on an attempt, of about `max_chars` characters, and the indexes of the agent's turns in it.

    `form` names the prompt that it is written with.
    """
    mark = sha256_text(json.dumps(astuple(attempt), default=str))[:MARK_CHARS]
    side = max_chars // SIDE_SHARE
    texts = {
        "task": shortened(attempt.task, side),
        "tools": shortened(_described(attempt.tools), side),
        "answer": shortened(attempt.answer or "", side),
    }
    truth = shortened(attempt.truth or "", side) if show_truth else ""
    shown, turns = transcript(attempt.turns, mark, max_chars - sum(map(len, texts.values())) - len(truth))
    values = {name: escaped(text) for name, text in texts.items()} | {"mark": mark, "status": attempt.status}
    section = prompt("truth", PACKAGE).text.format(mark=mark, truth=escaped(truth)) if show_truth else ""
    return prompt(form, PACKAGE).text.format(**values, transcript=shown, truth=section), turns


def transcript(turns: Sequence[dict[str, Any]], mark: str, max_chars: int) -> tuple[str, list[int]]:
    """The turns in at most `max_chars` characters or a little more, and the indexes of the agent's turns in it.

    If they are longer, the first third and the last two thirds are kept, in whole turns.
    """
    blocks = [_block(turn, mark, max_chars // FIELD_SHARE) for turn in turns]
    head, tail = _kept([len(block) for block in blocks], max_chars)
    lines = blocks[:head]
    if left_out := blocks[head:tail]:
        lines.append(f"=== {len(left_out)} turns with {sum(map(len, left_out)):,} characters are left out here, {mark}")
    shown = [*turns[:head], *turns[tail:]]
    return "\n".join([*lines, *blocks[tail:]]), [turn["index"] for turn in shown if turn["role"] == "assistant"]


def shortened(text: str, limit: int) -> str:
    """The text, or its first two thirds and its last third with a count of the characters left out between."""
    if len(text) <= limit:
        return text
    head, tail = limit * 2 // 3, limit // 3
    return f"{text[:head]}\n[{len(text) - head - tail:,} characters left out]\n{text[len(text) - tail :]}"


def escaped(text: str) -> str:
    """The text with a backslash before whatever looks like a tag or heading of the prompt."""
    return LOOKALIKE.sub(lambda found: f"\\{found[0]}", text)


def _kept(lengths: Sequence[int], limit: int) -> tuple[int, int]:
    """The number of blocks to keep at the start, and the place from which they are kept to the end."""
    if sum(lengths) <= limit:
        return len(lengths), len(lengths)
    head, tail, used = 0, len(lengths), 0
    while head < tail and used + lengths[head] <= limit // 3:
        used += lengths[head]
        head += 1
    while tail > head and used + lengths[tail - 1] <= limit:
        used += lengths[tail - 1]
        tail -= 1
    return head, tail


def _block(turn: dict[str, Any], mark: str, limit: int) -> str:
    """A turn under its heading, each of its texts shortened."""
    facts = [turn["tool"], turn["kind"], turn["url"]] if turn["role"] == "tool" else []
    if turn["parse"] not in (None, "ok"):
        facts.append(f"not parsed: {turn['parse']}")
    if turn["bytes_dropped"]:
        facts.append(f"the agent did not see {turn['bytes_dropped']:,} bytes")
    heading = f"=== turn {turn['index']} ({turn['role']}) {mark}"
    texts = [
        ("", " · ".join(map(str, filter(None, facts))), limit),
        ("reasoning: ", turn["reasoning"], limit),
        ("", turn["content"], limit),
        ("calls: ", turn["tool_calls"], limit),
        ("", turn["observation"], min(limit, OBSERVATION_CHARS)),
    ]
    written = [escaped(f"{name}{shortened(text, most)}") for name, text, most in texts if text]
    return "\n".join([heading, *written])


def _described(tools: str) -> str:
    """The tools without the wrapping of their JSON, one a line; the text itself where it is no list of tools."""
    try:
        return "\n".join(json.dumps(tool["function"], ensure_ascii=False) for tool in json.loads(tools))
    except (ValueError, TypeError, KeyError):
        return tools
