"""Phrases are found as DuckDB's regular expressions find them, so that a gate may use either."""

import ctypes
import re

import duckdb
import pyarrow as pa
import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.refine.gates.automata import AUTOMATON_BYTES
from flows.refine.gates.patterns import extracts, first_match, matches, patterns, references
from tests.flows.refine.gates.labelled.rows import labelled_rows
from warehouse.connect import sql_files

LISTS = ("said_wrote", "said_tests_pass", "promises", "gives_up", "any_error", "client_error")
AT_EDGES = (
    r"^b",
    r"a$",
    r"\bab\b",
    r"(?i)(^|[^\p{L}])AB($|[^\p{L}])",
    r"a\nb",
    r"(?s)a.{0,3}b",
    r"a[^.\n]{0,2}b",
    r"b\n*$",
    r"^$",
    r"\Ab",
    r"a\z",
)
"""Expressions whose matches depend on where a text begins and ends."""
SQL_FOLDERS = ("decide", "gates", "sketches", "second_pass")


@pytest.fixture(scope="module")
def texts() -> pa.Array:
    """Short texts in fifteen languages, an empty one and a null."""
    words = [
        str(one["content"]) for row in labelled_rows("tuning") for one in row.row["messages"] if one.get("content")
    ]
    return pa.array(["", None, *words[::5]])


@pytest.mark.parametrize("name", LISTS)
def test_a_list_matches_the_same_texts(name: str, texts: pa.Array) -> None:
    """A sentence that only one of the engines finds would be refused or kept by the place of its check."""
    found = matches(texts, pa.array([patterns()[name]] * len(texts)))
    assert found.to_pylist() == _by_duckdb("regexp_matches(text, $expression)", name, texts)
    assert any(found.to_pylist()), "no text has such a phrase"


def test_the_first_match_is_the_same(texts: pa.Array) -> None:
    """Markup is excused by the words of a page: another match of it would convict."""
    found = first_match(texts, pa.array([patterns()["invents_turns"]] * len(texts)))
    assert found.to_pylist() == _by_duckdb("nullif(regexp_extract(text, $expression), '')", "invents_turns", texts)
    assert any(found.to_pylist())


def test_quotations_are_the_same(texts: pa.Array) -> None:
    """A quotation that is not extracted is never compared with what the agent read."""
    found = extracts(texts, pa.array([patterns()["quotes_somebody"]] * len(texts)))
    assert found.to_pylist() == _by_duckdb("regexp_extract_all(text, $expression, 2)", "quotes_somebody", texts)
    assert any(found.to_pylist())


def test_a_reference_stands_for_its_list(texts: pa.Array) -> None:
    """A sketch that searches for the reference itself would find nothing, and no gate would refuse."""
    name = "on_grading"
    found = first_match(texts, pa.array([references()[f"{name}_list"]] * len(texts)))
    assert found.to_pylist() == _by_duckdb("nullif(regexp_extract(text, $expression), '')", name, texts)
    assert any(found.to_pylist())


def test_each_text_is_searched_for_its_own_expression(texts: pa.Array) -> None:
    """A gate may choose the expression by row: one for all rows would convict by the words of another list."""
    names = [LISTS[n % 2] for n in range(len(texts))]
    found = matches(texts, pa.array([patterns()[name] for name in names])).to_pylist()
    both = {name: matches(texts, pa.array([patterns()[name]] * len(texts))).to_pylist() for name in LISTS[:2]}
    assert found == [both[name][n] for n, name in enumerate(names)]


@pytest.mark.parametrize(("one", "other"), [("on_grading_mixed", "on_grading"), ("writes_results", "tool_says")])
def test_references_of_two_lists_stand_for_both(one: str, other: str, texts: pa.Array) -> None:
    """Of two lists, the first phrase in the text is quoted: a result that holds the other does not excuse it."""
    joined = f"{references()[f'{one}_list']}|{references()[f'{other}_list']}"
    found = first_match(texts, pa.array([joined] * len(texts)))
    assert found.equals(first_match(texts, pa.array([f"{patterns()[one]}|{patterns()[other]}"] * len(texts))))
    assert found.null_count < len(found)


@pytest.mark.slow
def test_no_list_outgrows_the_memory_of_its_automaton() -> None:
    """A phrase too many would make a night's sketches take hours: RE2 would drop all its states every few texts.

    The heap counts the states that texts in nineteen languages need, in an expression with memory for all.
    """
    texts = [
        str(one["content"]) for row in labelled_rows("tuning") for one in row.row["messages"] if one.get("content")
    ]
    grown = {name: _grown(patterns()[name], [text.encode() for text in texts]) for name in sorted(_searched())}
    # others may free more than a small list needs
    assert sorted(grown.values())[len(grown) // 2] > 0
    assert {name: size for name, size in grown.items() if size > AUTOMATON_BYTES / 3} == {}, "split these lists in two"


def _searched() -> set[str]:
    """The lists that SQL searches with the functions of `patterns.py`."""
    texts = [text for folder in SQL_FOLDERS for text in sql_files(folder).values()]
    return {name for text in texts for name in re.findall(r"\$(\w+)_list\b", text)}


def _grown(expression: str, texts: list[bytes]) -> int:
    """Bytes by which the heap grows while the texts are searched for the expression."""
    options = re2.Options()
    options.max_mem, options.never_capture = 16 * AUTOMATON_BYTES, True
    re2.purge()  # its cache of 128 expressions would drop one while this one grows
    search = re2.compile(expression, options).search
    before = _heap()
    for text in texts:
        search(text)
    return _heap() - before


def _heap() -> int:
    class Mallinfo2(ctypes.Structure):
        _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "free", "small", "maps", "mapped", "a", "b", "used")]
        _fields_ += [(name, ctypes.c_size_t) for name in ("unused", "top")]

    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallinfo2"):
        pytest.skip("only glibc counts its heap")
    libc.mallinfo2.restype = Mallinfo2
    counts = libc.mallinfo2()
    return int(counts.used + counts.mapped)


@given(texts=st.lists(st.none() | st.text("abAB \n.é", max_size=8), max_size=12), expression=st.sampled_from(AT_EDGES))
@settings(max_examples=200, deadline=None)
def test_texts_that_are_searched_as_one_match_as_each_alone(texts: list[str | None], expression: str) -> None:
    """A phrase at the end of one turn and the start of the next would convict both, or a phrase at an edge neither."""
    alone = [None if text is None else re2.search(expression, text) for text in texts]
    together = pa.array(texts, pa.string()), pa.array([expression] * len(texts), pa.string())
    assert matches(*together).to_pylist() == [
        None if text is None else found is not None for text, found in zip(texts, alone, strict=True)
    ]
    assert first_match(*together).to_pylist() == [found[0] or None if found else None for found in alone]


@pytest.mark.parametrize(
    "expression",
    [
        r"(?i)x\p{L}+y",
        r"a[^\p{L}\d]b",
        r"[\p{L}_]{2}é",
        r"\[\p{L}+\]",
        r"[]\p{L}]{2}y",
        "(?i)é?x—*y",
        "(?i)[й-ю]?a[^—\n]{0,3}b",
        "(?i)x\u212a",
        "(?i)[à-ỹ]?[^à-ỹ]b",
        r"(?i)a[^\x{80}-\x{10ffff}]",
    ],
)
@given(texts=st.lists(st.text("abxys[]_é—Я1k\u212a \n", max_size=8), min_size=1, max_size=12))
@settings(max_examples=100, deadline=None)
def test_letters_of_every_script_are_letters(expression: str, texts: list[str]) -> None:
    """A search that looks for candidates with wider classes may find too many, but loses no phrase of any language."""
    found = matches(pa.array(texts), pa.array([expression] * len(texts)))
    assert found.to_pylist() == [re2.search(expression, text) is not None for text in texts]


def test_lists_with_commas_between_are_searched_in_turn(texts: pa.Array) -> None:
    """The words on marking that are quoted would depend on which list a text meets first, not on their order."""
    names = ("on_grading", "on_marking", "on_graders")
    each = [first_match(texts, pa.array([patterns()[name]] * len(texts))).to_pylist() for name in names]
    together = first_match(texts, pa.array([",".join(references()[f"{name}_list"] for name in names)] * len(texts)))
    assert together.to_pylist() == [one or two or three for one, two, three in zip(*each, strict=True)]
    assert all(map(any, each))


def _by_duckdb(call: str, name: str, texts: pa.Array) -> list[object]:
    with duckdb.connect() as con:
        con.register("rows", pa.table({"text": texts, "place": range(len(texts))}))
        rows = con.execute(f"select {call} from rows order by place", {"expression": patterns()[name]}).fetchall()
    return [found for (found,) in rows]
