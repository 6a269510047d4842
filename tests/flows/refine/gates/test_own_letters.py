"""An expression over letters with numbers of its own finds in a text what the expression as written finds."""

import sys

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.refine.gates.automata import LIKE_ASCII, compiled
from flows.refine.gates.own_letters import BeyondAscii, folded
from flows.refine.gates.patterns import patterns
from flows.refine.gates.scripts_in import SURROGATES

EXPRESSIONS = (
    r"(?is)(^|[^\p{L}])é\p{L}{2}",
    r"(?is)[\p{L}_]+ß|[^\p{L}\p{N}s]ς",
    r"(?is)\bk\p{M}|[\]\p{N}]ö|\p{L}\p{N}",
    r"(?is)[а-в]x|ΐ",
    r"(?is)(?-i:É)|\p{Lu}b",
    r"(?s)É.",
    r"(?is)straße.{0,3}k\x27|ſ",
)


@pytest.mark.parametrize("expression", EXPRESSIONS)
@given(text=st.text("abkKsS1² _]'\n.éÉßẞσςΣΐ\u1fd3\u1fe3İıſ\u212a\u0301\u0345ιаБв試٣Ⅷ—", max_size=12))
@settings(max_examples=200, deadline=None)
def test_a_text_beyond_ascii_is_searched_as_written(expression: str, text: str) -> None:
    """A letter that is taken for another, or for none, would keep a bad trajectory or lose a good one."""
    match = compiled(expression).search(text.encode())
    assert BeyondAscii(expression).search(text.encode()) == (match and (match.start(), match[0]))


def test_letters_have_the_cases_that_re2_gives_them() -> None:
    """A phrase in capitals would be found in some scripts and missed in others."""
    codes = (chr(code) for code in range(128, sys.maxunicode + 1) if code not in SURROGATES)
    cased = [one for one in codes if len({one, one.lower(), one.upper(), one.casefold()}) > 1 and one not in LIKE_ASCII]
    same = dict[str, set[str]]()
    for letter in cased:
        same.setdefault(folded(letter), set()).add(letter)
    text = "".join(cased)
    wrong = [one for one in cased if {found[0] for found in re2.finditer(f"(?i){one}", text)} != same[folded(one)]]
    assert wrong == []


def test_most_lists_have_letters_of_their_own() -> None:
    """A worker would spend a second on the letters of all scripts, for the few of its texts that may match."""
    whole = [name for name, text in patterns().items() if BeyondAscii(text).is_as_written]
    assert len(whole) < len(patterns()) / 10
