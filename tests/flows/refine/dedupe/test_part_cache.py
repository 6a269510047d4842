"""Batches of files: none is lost or read twice, memory is bounded, and all workers end together."""

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from flows.refine.dedupe.part_cache import batches_of


@given(sizes=st.lists(st.integers(1, 500), max_size=40), limit=st.integers(1, 2_000), workers=st.integers(1, 4))
def test_batches_contain_every_file_once_within_the_limit(sizes: list[int], limit: int, workers: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sized = {str(number): Path(folder) / str(number) for number in range(len(sizes))}
        for path, size in zip(sized.values(), sizes, strict=True):
            path.write_bytes(bytes(size))
        batches = batches_of(list(sized), sized, limit, workers)
    assert [file for batch in batches for file in batch] == list(sized)
    assert all(batches)
    in_lots = [sum(sizes[int(file)] for file in batch) for batch in batches]
    assert max(in_lots, default=0) <= limit + max(sizes, default=0)
    assert max(in_lots, default=0) - sum(in_lots) / max(1, len(batches)) <= max(sizes, default=0)
