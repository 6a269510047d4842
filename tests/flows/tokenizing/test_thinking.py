"""Settings of thinking reach the fields of each family's template, or are refused by name."""

from typing import Any

import pytest
from renderers import config_from_name

from flows.tokenizing.renderer_choice import names
from flows.tokenizing.thinking import ThinkingError, thinking_fields, thinking_in_force


def in_force(name: str, thinking: bool | None = None, effort: str | None = None) -> tuple[object, object]:
    config: Any = config_from_name(name)
    changed = type(config)(**thinking_fields(config, thinking, effort))
    now = thinking_in_force(changed)
    return now["thinking"], now["reasoning_effort"]


@pytest.mark.parametrize(
    ("name", "thinking", "effort", "expected"),
    [
        ("qwen3", None, None, (True, None)),
        ("qwen3", False, None, (False, None)),
        ("kimi-k2.5", False, None, (False, None)),
        ("gemma4", None, None, (False, None)),
        ("gemma4", True, None, (True, None)),
        ("deepseek-v4", True, "max", (True, "max")),
        ("hy3", None, None, (False, None)),
        ("hy3", True, None, (True, "high")),
        ("hy3", True, "low", (True, "low")),
        ("hy3", False, None, (False, None)),
        ("gpt-oss", None, "high", (True, "high")),
        ("gpt-oss", True, None, (True, "medium")),
        ("inkling", None, "0.5", (True, 0.5)),
        ("inkling", False, None, (False, None)),
        ("nemotron-3", None, "low", (True, "low")),
        ("nemotron-3-ultra", True, "medium", (True, "medium")),
        ("llama-3", None, None, (None, None)),
    ],
)
def test_a_setting_is_in_force(name: str, thinking: bool | None, effort: str | None, expected: object) -> None:
    """A row that claims thinking which the template never asked for cannot be trusted by a trainer."""
    assert in_force(name, thinking, effort) == expected


@pytest.mark.parametrize(
    ("name", "thinking", "effort", "reason"),
    [
        ("llama-3", True, None, "no switch for thinking"),
        ("gpt-oss", False, None, r"always thinks; set teacher.reasoning_effort \(low, medium, high\)"),
        ("qwen3", None, "high", "high is not an effort of qwen3: it has no efforts"),
        ("gpt-oss", None, "ultra", "it takes low, medium, high"),
        ("inkling", None, "1.5", "it takes none, minimal, low"),
        ("nemotron-3", None, "medium", "it takes low"),
        ("deepseek-v4", None, "high", "off by default for deepseek-v4: set teacher.thinking = true"),
        ("hy3", False, "low", "which is off for hy3"),
    ],
)
def test_a_setting_that_the_family_lacks_is_refused_by_name(
    name: str, thinking: bool | None, effort: str | None, reason: str
) -> None:
    with pytest.raises(ThinkingError, match=reason):
        in_force(name, thinking, effort)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("thinking", [True, False])
def test_what_is_set_is_what_is_in_force(name: str, thinking: bool) -> None:
    """For every family: a setting either holds or is refused, never ignored."""
    try:
        assert in_force(name, thinking)[0] is thinking
    except ThinkingError as error:
        assert "teacher.thinking" in str(error)
