"""Arguments of tool calls keep what was written: blanks, types, quotes, and closing tags inside a value."""

from typing import Any

import pytest

from flows.rollout.dialects.written_calls import Reader, WrittenCall, reader_of, typed

TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
MAYBE = {"anyOf": [{"type": "string"}, {"type": "null"}]}
SCHEMAS = {"look": {"properties": {"at": TEXT, "n": NUMBER}}}
QWEN = "<tool_call>\n<function=look>\n<parameter=at>\n{}\n</parameter>\n</function>\n</tool_call>"
MINIMAX = '<minimax:tool_call>\n<invoke name="look">\n<parameter name="at">{}</parameter>\n</invoke>\n'
GLM = "<tool_call>look<arg_key>at</arg_key><arg_value>{}</arg_value></tool_call>"
JSON = '<tool_call>\n{{"name": "look", "arguments": {{"at": "{}"}}}}\n</tool_call>'
FORMATS = [QWEN, MINIMAX + "</minimax:tool_call>", GLM, JSON]


def reader(written: str) -> Reader:
    found = reader_of(written.format("it"), WrittenCall("look", {"at": "it"}))
    assert found
    return found


@pytest.mark.parametrize("written", FORMATS)
@pytest.mark.parametrize(
    "value",
    ["2024", "true", " null ", "", "a </parameter> b", "</arg_value>", "x </tool_call> y", "</invoke> </function>"],
)
def test_text_is_what_was_written(written: str, value: str) -> None:
    """A query that is cut at a tag, loses its blanks or becomes a number is not the agent's query."""
    calls = reader(written)(written.format(value), SCHEMAS)
    assert calls == [WrittenCall("look", {"at": value})]


@pytest.mark.parametrize("written", FORMATS)
def test_calls_follow_each_other_and_prose_may_follow_them(written: str) -> None:
    two = written.format("one") + "\n" + written.format("two")
    wanted = [WrittenCall("look", {"at": "one"}), WrittenCall("look", {"at": "two"})]
    assert reader(written)(two, SCHEMAS) == wanted
    assert reader(written)(two + "\nI wait.", SCHEMAS) == wanted


@pytest.mark.parametrize("written", [*FORMATS, "", "prose", "<tool_call>"])
def test_a_text_that_leaves_the_format_is_left_to_the_renderer(written: str) -> None:
    known = reader(QWEN)
    assert not known(written.format("x")[:-20], SCHEMAS)
    assert not known("I say: " + written, SCHEMAS)


@pytest.mark.parametrize(
    ("text", "schema", "value"),
    [
        ("True", FLAG, True),
        ("False", FLAG, False),
        ("None", {"type": ["string", "null"]}, None),
        ("null", MAYBE, None),
        ("None", TEXT, "None"),
        ("2024", MAYBE, "2024"),
        ("7", NUMBER, 7),
        ("7", {"enum": ["7", "8"]}, "7"),
        ("['a', 'b']", {"type": "array"}, ["a", "b"]),
        ("{'a': True, 'b': None}", {"type": "object"}, {"a": True, "b": None}),
        ('{"a": 1}', {"type": "object"}, {"a": 1}),
        ("'quoted'", None, "'quoted'"),
        ("12", None, 12),
        ("[1, 2", None, "[1, 2"),
        ("(1, 2)", None, "(1, 2)"),
    ],
)
def test_a_value_has_the_type_that_the_tool_wants(text: str, schema: Any, value: Any) -> None:
    """Qwen3.5's and Nemotron's templates write True, None and lists as Python does."""
    assert typed(text, schema) == value
    assert type(typed(text, schema)) is type(value)


@pytest.mark.parametrize("text", ["many", "", "0x10", "__import__('os')", "[" * 100_000, "{1, 2}"])
def test_a_value_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        typed(text, NUMBER)
    calls = reader(GLM)(GLM.replace(">at<", ">n<").format(text), SCHEMAS)
    assert calls == [WrittenCall("look", None, "invalid_json")]
