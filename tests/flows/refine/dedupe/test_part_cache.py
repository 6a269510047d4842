"""Cache files: batches of parts lose none and bound the memory; a damaged checksum is found."""

import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.refine.caches import damaged_caches, remove_damaged_caches
from flows.refine.dedupe.part_cache import batches_of, write_parts


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


@pytest.mark.parametrize("damage", ["link", "folder", "cut"])
def test_a_cache_with_a_damaged_checksum_is_named_removed_and_made_again(tmp_path: Path, damage: str) -> None:
    """A checksum that is ignored once it is damaged no longer protects the file beside it."""
    part, rows = tmp_path / "sketches" / "a" / "part.parquet", pa.table({"part": [0], "row": [0], "words": [7]})
    write_parts(rows, [part])
    checksum = part.with_suffix(".sha256")
    if damage == "cut":
        checksum.write_text(checksum.read_text()[:9])
    else:
        checksum.unlink()
        checksum.symlink_to("/nowhere/at-all") if damage == "link" else checksum.mkdir()
    assert damaged_caches(tmp_path) == [part]
    assert remove_damaged_caches(tmp_path) == [part]
    assert not list(part.parent.iterdir())
    write_parts(rows, [part])
    assert damaged_caches(tmp_path) == []
