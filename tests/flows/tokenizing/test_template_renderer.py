"""A student's own chat template as a renderer: the same ids and mask as the family's renderer, and no crash."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.publish.build.student_segments import student_segments
from flows.publish.build.student_template import StudentTemplate, Unrendered
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.flows.publish.build.test_student_segments import ROUNDS, conversation, masked, message

Folder = Callable[[str], Path]
TURN = "{{ '<|im_start|>' + m.role + '\\n' + m.content|trim + '<|im_end|>\\n' }}"
TOOLS = "{%- for t in tools or [] %}{{ t|tojson }}{% endfor %}"
CALLS = (
    "{%- for c in m.tool_calls or [] %}{{ '<tool_call>' + c.function.name + ' ' + ARGS + '</tool_call>' }}{% endfor %}"
)
CUE = "{%- if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"


def template(turn: str = "", arguments: str = "c.function.arguments|tojson", tools: str = TOOLS) -> str:
    """A small chat template: a check before each turn, how it writes arguments, and where it puts the tools."""
    calls = CALLS.replace("ARGS", arguments)
    body = TURN.replace("+ '<|im_end|>\\n' }}", "}}" + calls + "{{ '<|im_end|>\\n' }}")
    return tools + "{%- for m in messages %}" + turn + body + "{%- endfor %}" + CUE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return lambda text: tiny.save(tmp_path_factory.mktemp("student"), text)


@pytest.fixture(scope="module")
def both(folder: Folder) -> tuple[StudentTemplate, StudentTemplate]:
    place = folder(tiny.QWEN3_TEMPLATE)
    return StudentTemplate(place, "template"), StudentTemplate(place, "qwen3")


WORDS = st.lists(st.sampled_from([*tiny.IDS, "a", " ", "\n", "\u00e9", '"']), min_size=1, max_size=5).map("".join)


@settings(max_examples=15, deadline=None)
@given(rounds=ROUNDS, thinks=st.booleans(), text=WORDS)
def test_qwen3s_template_gives_the_ids_and_the_mask_of_its_renderer(
    both: tuple[StudentTemplate, StudentTemplate], rounds: list[tuple[int, bool]], thinks: bool, text: str
) -> None:
    """The general way must train the same tokens as the one written for the family, whatever a page holds."""
    row = conversation(rounds, thinks)
    for one in row["messages"]:
        if one["role"] in ("user", "tool"):
            one["content"] += text
    own, family = (student_segments(row, student) for student in both)
    assert [(one.ids, one.trained, one.dropped) for one in own] == [
        (one.ids, one.trained, one.dropped) for one in family
    ]
    assert [masked(one) for one in own] == [masked(one) for one in family]


@pytest.mark.parametrize(
    "arguments", ["c.function.arguments", "c.function.arguments|string", "c.function.arguments|tojson"]
)
def test_a_template_gets_arguments_as_it_takes_them(folder: Folder, arguments: str) -> None:
    """Arguments written as a Python dict, or as JSON text of JSON text, are a call that no parser reads."""
    student = StudentTemplate(folder(template(arguments=arguments)), "template")
    [segment] = student_segments(conversation([(1, False)], thinks=False), student)
    assert '<tool_call>look {"query": "q00"}</tool_call>' in tiny.decode(masked(segment))


REFUSING = "{%- if m.role == 'system' and not loop.first %}{{ raise_exception('no system here') }}{% endif %}"
ALTERNATING = "{%- if not loop.first and m.role == loop.previtem.role %}{{ raise_exception('alternate') }}{% endif %}"


@pytest.mark.parametrize(
    ("text", "messages", "reason"),
    [
        (template(REFUSING), [("user", "a"), ("assistant", "b"), ("system", "c"), ("assistant", "d")], "refused"),
        (template(ALTERNATING), [("user", "a"), ("user", "b"), ("assistant", "c")], "refused"),
        (template(tools=""), [("user", "a"), ("assistant", "b")], "refused"),
        (template("{%- set m = dict(m, content='x') %}"), [("user", "a"), ("assistant", "b")], "lost"),
        (template(), [("user", "a"), ("assistant", "  b \n"), ("system", "c"), ("user", "d"), ("assistant", "e")], ""),
    ],
    ids=["system-in-the-middle", "two-user-turns", "no-place-for-tools", "other-words", "trimmed"],
)
def test_what_a_template_cannot_write_has_a_reason(
    folder: Folder, text: str, messages: list[tuple[str, str]], reason: str
) -> None:
    """A template's error in one row must not stop a release, nor a row be trained without its tools or words."""
    tools = [{"type": "function", "function": {"name": "look", "description": "Looks.", "parameters": {}}}]
    row = {"trajectory_id": "t", "messages": [message(*one) for one in messages], "tools": json.dumps(tools)}
    student = StudentTemplate(folder(text), "template")
    assert reason in _reason(row, student)


def _reason(row: dict[str, Any], student: StudentTemplate) -> str:
    try:
        student_segments(row, student)
    except Unrendered as error:
        return error.reason
    return ""
