"""The scripts of a text, which tell an agent's slip into another language from a word that it read."""

import duckdb
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.refine.gates.scripts_in import SCRIPTS, scripts_in

LETTERS = st.text(
    st.sampled_from("a é京ひカ한жعאกअ\U00020000.") | st.characters(exclude_categories=["Cs"], max_codepoint=0x1FFFF),
    max_size=8,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | LETTERS, max_size=5))
def test_scripts_are_those_of_the_regular_expressions(texts: list[str | None]) -> None:
    """The gate counts the agent's letters by these expressions: a script that both know must mean the same letters."""
    expected = [[script for script, pattern in SCRIPTS.items() if text and _matches(text, pattern)] for text in texts]
    assert scripts_in(pa.array(texts, pa.string())).to_pylist() == expected


def _matches(text: str, pattern: str) -> bool:
    [(matches,)] = duckdb.execute("select regexp_matches($1, $2)", [text, pattern]).fetchall()
    return bool(matches)
