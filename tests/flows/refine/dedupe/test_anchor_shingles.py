"""Shingles of long texts: the same text has the same ones wherever it occurs, and an edit changes few."""

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.refine.dedupe.anchor_shingles import anchor_shingles


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.text(alphabet="abc é京", max_size=60), max_size=6), st.integers(0, 3))
def test_a_text_has_the_same_shingles_in_any_column(texts: list[str | None], skipped: int) -> None:
    """Duplicates in two parts would otherwise not be found: batches of a lake are never cut alike."""
    column = anchor_shingles(pa.array(texts, pa.string()).slice(min(skipped, len(texts))))
    alone = [anchor_shingles(pa.array([text], pa.string()))[0].as_py() for text in texts[skipped:]]
    assert column.to_pylist() == alone
    assert all(
        one["n_anchors"] <= (text or "").count("b") + 1 for one, text in zip(alone, texts[skipped:], strict=True)
    )


def test_an_edit_changes_only_the_shingles_that_it_touches() -> None:
    """Copies with edited words are found by the shingles between the edits."""
    text = " ".join(f"number {n} stands behind the bench {n * n}" for n in range(100))
    kept, edited = (
        set(one["kept"]) for one in anchor_shingles(pa.array([text, text.replace("number 7 ", "many ")])).to_pylist()
    )
    assert 10 <= len(kept) <= 40
    assert len(kept & edited) >= len(kept) - 2
