"""The models' own chat templates, as TRL packages them: a student's segments are token for token what they write."""

import json
from pathlib import Path
from typing import Any

import pytest

from flows.publish.build.student_segments import student_segments
from flows.publish.build.student_template import StudentTemplate, Unrendered
from flows.tokenizing.renderer_choice import template_options
from tests.doubles.teachers.family_tokenizers import family_tokenizer
from tests.flows.publish.build.test_student_segments import conversation, masked
from tests.trainers.install import python
from tests.trainers.loading import needs_trainers

pytestmark = [needs_trainers, pytest.mark.slow]
FAMILIES = ("qwen3.5", "glm-4.5", "nemotron-3", "gemma4")
"""Families whose control tokens the vocabulary gets; those of the others are spelled in it."""
TEMPLATES = {
    "qwen3": ("auto", 2),
    "qwen3_5_think": ("auto", 2),
    "qwen3_6": ("auto", 2),
    "qwen3_8": ("auto", 1),
    "glm4moe": ("auto", 2),
    "nemotron_3_nano": ("auto", 2),
    "nemotron_3_ultra": ("auto", 2),
    "gemma4_v5": ("auto", 2),
    "lfm2_2_5": ("template", 2),
}
"""Template -> renderer of the student, and number of segments of a conversation of two questions with reasoning."""
WITHOUT_REASONING = {"llama3_1": 1, "qwen2_5": 1, "deepseekv3": 1, "gptoss": 2}
"""Template -> number of segments of such a conversation without reasoning; with it, there is a reason instead."""


def student_of(template: str, renderer: str, folder: Path) -> StudentTemplate:
    [home] = Path(python("trl")).parents[1].glob("lib/python*/site-packages/trl/chat_templates")
    for family in FAMILIES:
        tokenizer = family_tokenizer(family)
    tokenizer.chat_template = (home / f"{template}.jinja").read_text("utf-8")
    tokenizer.save_pretrained(folder)
    tokenizer.chat_template = None
    return StudentTemplate(folder, renderer)


def own_ids(student: StudentTemplate, row: dict[str, Any], end: int) -> list[int]:
    """The ids of the first `end` messages by the tokenizer's own template."""
    messages = [student.message(message) for message in row["messages"][:end]]
    options = template_options(student.writers(row["messages"]).plain.config)
    tools = json.loads(row["tools"]) or None
    return list(student._tokenizer.apply_chat_template(messages, tools=tools, return_dict=False, **options))


@pytest.mark.parametrize("template", [*TEMPLATES, *WITHOUT_REASONING])
def test_segments_are_what_the_models_own_template_writes(template: str, tmp_path: Path) -> None:
    """A renderer that differs from the template in one token trains the student on what no server will send it."""
    renderer, count = TEMPLATES.get(template) or ("template", WITHOUT_REASONING[template])
    student, row = student_of(template, renderer, tmp_path), conversation([(2, False), (1, False)])
    if template in WITHOUT_REASONING:
        with pytest.raises(Unrendered):
            student_segments(row, student)
        row = conversation([(0, False), (0, False)], thinks=False) | {"tools": "[]"}
    segments = student_segments(row, student)
    agents = [number for number, one in enumerate(row["messages"]) if one["role"] == "assistant"]
    assert [turn for segment in segments for turn in segment.trained] == agents
    assert len(segments) == count
    for segment in segments:
        assert segment.ids == own_ids(student, row, segment.end)
        text = student._tokenizer.decode(masked(segment))
        assert all(row["messages"][turn]["content"] in text for turn in segment.trained)
