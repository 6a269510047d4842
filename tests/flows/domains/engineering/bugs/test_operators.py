"""Each operator makes the mistake that it names, at its place, and leaves the rest of the file as it was written."""

import pytest

from flows.domains.engineering.bugs.candidates import OPERATORS, REMOVAL, candidates, valid, varied
from flows.domains.engineering.bugs.edit import Bug, Edit, Place, changed_files, overlap
from flows.domains.engineering.bugs.module import Module

CASES = {
    "comparison": ("return a < b", "return a <= b"),
    "boolean": ("return a and b", "return a or b"),
    "arithmetic": ("return a + b", "return a - b"),
    "off_by_one": ("return a[5]", "return a[6]"),
    "swapped_arguments": ("return f(a, b)", "return f(b, a)"),
    "wrong_method": ("return a.lstrip()", "return a.rstrip()"),
    "slice_bounds": ("return a[b:]", "return a[b + 1:]"),
    "missing_call": ("return a.strip()", "return a"),
    "constant": ("return a == ', '", "return a == ','"),
    "loop_bound": ("return range(b)", "return range(b - 1)"),
    "dropped_keyword": ("return f(a, key=b)", "return f(a)"),
    "swapped_branches": ("return a if b else c", "return c if b else a"),
    "wrong_variable": ("return a", "return b"),
    "removed_guard": ("if a:\n        return b\n    return c", "return c"),
    "removed_branch": ("if a:\n        c = 1\n    return c", "return c"),
    "early_return": (
        "for x in a:\n        b += x\n    return b",
        "for x in a:\n        b += x\n        break\n    return b",
    ),
    "exception_type": ("raise ValueError(a)", "raise TypeError(a)"),
    "forgotten_statement": ("a.clear()\n    return b", "return b"),
    "state_not_reset": ("a.n = 0\n    return b", "return b"),
    "wrong_update": ("a += b\n    return a", "a = b\n    return a"),
    "wrong_default": ("return d", None),
    "wrong_result": ("return a, b", "return b, a"),
}


def file(body: str) -> str:
    return f'def f(a, b, c=None, d=True):\n    """Text with "quotes": \u00e9."""\n    {body}\n'


def made(text: str, operator: str) -> list[str]:
    bugs = candidates({"m.py": text}, [Place("m.py", 1)], {operator: {**OPERATORS, **REMOVAL}[operator]})
    assert all(valid({"m.py": text}, bug) for bug in bugs)
    return [changed_files({"m.py": text}, [bug])["m.py"] for bug in bugs]


def test_there_are_operators_of_many_kinds() -> None:
    """A student who sees one kind of mistake learns to look for that one."""
    assert OPERATORS.keys() == CASES.keys()


@pytest.mark.parametrize("operator", CASES)
def test_an_operator_makes_its_mistake(operator: str) -> None:
    """A mistake in another place than the measured one would be a task without an answer."""
    body, wrong = CASES[operator]
    expected = file(wrong) if wrong else file(body).replace("d=True", "d=False")
    assert expected in made(file(body), operator)


def test_text_before_a_mistake_is_counted_in_characters() -> None:
    """Columns of syntax trees are bytes: after an accented letter the edit would cut the wrong text."""
    assert made('def f(a, b):\n    return "\u00e9\u00e9\U0001f600" + a\n', "arithmetic") == [
        'def f(a, b):\n    return "\u00e9\u00e9\U0001f600" - a\n'
    ]


def test_a_removed_body_leaves_signature_and_docstring() -> None:
    """Without its documentation nobody could write the body again; any word in its place could be searched for."""
    text = 'def f(a):\n    """Doc."""\n    b = a\n    for x in b:\n        print(x)\n    return b\n\n\ndef g(): ...\n'
    assert made(text, "removed") == ['def f(a):\n    """Doc."""\n\n\ndef g(): ...\n']
    assert made(text.replace('    """Doc."""\n', ""), "removed") == []


def test_a_docstring_is_no_place_for_a_mistake() -> None:
    """A changed docstring fails no test and confuses the reader."""
    assert made('def f(a):\n    ", "\n    return a\n', "constant") == []


def test_functions_are_named_as_code_objects_name_them() -> None:
    """Coverage is recorded by the first line of code objects; another line finds no tests."""
    text = "import functools\n\n@functools.cache\n@functools.wraps(int)\ndef f():\n    def g(): ...\n    return 1 + 1\n"
    namespace: dict[str, object] = {}
    exec(compile(text.replace("functools.wraps(int)", "(lambda f: f)"), "m.py", "exec"), namespace)
    found = {node.name: place.line for node, place in Module("m.py", text).functions()}
    assert found["f"] == namespace["f"].__wrapped__.__code__.co_firstlineno  # type: ignore[attr-defined]


def test_bugs_of_one_file_are_combined_at_their_own_places() -> None:
    """Bugs are measured alone and combined later: each edit counts from the unchanged file."""
    text = "def f(a):\n    return a + 1\n\n\ndef g(a):\n    return a + 1\n"
    bugs = candidates({"m.py": text}, [Place("m.py", 1), Place("m.py", 5)], {"arithmetic": OPERATORS["arithmetic"]})
    assert changed_files({"m.py": text}, bugs)["m.py"] == text.replace("+", "-")
    assert not overlap(*bugs)
    assert overlap(bugs[0], Bug("x", (), (Edit("m.py", bugs[0].edits[0].start, bugs[0].edits[0].end, "*"),)))


def test_a_stretch_takes_files_and_operators_in_turn() -> None:
    """Neighbours in the order make one task: eight off-by-one mistakes in one file would be a poor one."""
    texts = {f"m{n}.py": "def f(a, b):\n    return [a < b, a + b, 1, 2, 3, 4, f(a, b)]\n" for n in range(3)}
    bugs = candidates(texts, [Place(path, 1) for path in texts], OPERATORS)
    first = varied(bugs, "seed")[:9]
    assert len({min(bug.paths) for bug in first}) == 3
    assert len({bug.operator for bug in first}) >= 4
    assert varied(bugs, "seed") == varied(bugs, "seed") != varied(bugs, "other")
    assert len(set(varied(bugs, "seed"))) == len(bugs)


def test_files_that_do_not_parse_have_no_bugs() -> None:
    """Packages carry templates and Python 2 files; one of them must not end the night."""
    assert candidates({"old.py": "print 'x'\n", "nul.py": "\0"}, [Place("old.py", 1)], OPERATORS) == []
    assert not valid({"m.py": "x = 1\n"}, Bug("x", (), (Edit("m.py", 0, 1, "("),)))
