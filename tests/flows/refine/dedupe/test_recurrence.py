"""Texts that repeat themselves: one without a sign of it is not measured, so a sign must never be missed."""

import random
import re
from collections import Counter

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.refine.dedupe.anchor_shingles import anchor_shingles

SENTENCES = "open the third page and read what it says on water, iron; cold air. Then go on to the next one"
WORDS = SENTENCES.split()
"""No word has the letter b: shingles cannot show a loop in such a text."""


def prose(words: int, seed: int) -> str:
    dice = random.Random(seed)
    return " ".join(f"{dice.choice(WORDS)}{dice.randrange(10_000)}" for _ in range(words))


def recurs(text: str) -> bool:
    return bool(anchor_shingles(pa.array([prose(40, 9), text, prose(200, 8)])).to_pylist()[1]["recurs"])


def test_a_loop_is_found_wherever_it_fills_a_third() -> None:
    """An attempt that repeats one passage would otherwise teach the student to loop."""
    passage = "and so the water is cold again, as it says here, "
    for before, after in ((0, 150), (75, 75), (150, 0)):
        assert recurs(f"{prose(before, 1)} {passage * 20}{prose(after, 2)}")
    assert recurs("the bench behind the bridge stands by a big tree. " * 20)


def test_ordinary_text_is_not_measured() -> None:
    """To cut each long text into sentences takes longer than all other work on it."""
    assert not any(recurs(prose(200, seed)) for seed in range(20))


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(["go on  ", "1. open the page", "cold air is here", "- cold air is here", "x = 1", "say so"])
    ),
    st.sampled_from([". ", "; ", ",", "\n", " !? ", "   \n"]),
)
def test_no_sentence_that_occurs_thrice_is_missed(pieces: list[str], end: str) -> None:
    """The SQL that measures repetition strips list marks and counts sentences of eight bytes and more."""
    text = f"{prose(130, 3)}. {end.join(pieces)}"
    sentences = (re.sub(r"^([-*•]|\d+[.)])\s*", "", piece.strip(" ")) for piece in re.split(r"[.!?,;]+\s*|\n", text))
    if max(Counter(one for one in sentences if len(one) >= 8).values()) >= 3:
        assert recurs(text)
