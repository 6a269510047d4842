"""Pack plans hold every row once, fill no window over its size, and mark the boundaries for state resets."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.publish.build.packing import WINDOWS, best_fit
from flows.publish.release import run_publish
from flows.settings import Publish, Settings
from schemas import Manifest
from tests.doubles.lakes.small_lake import make_small_lake, write_decisions, write_records
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)


@given(lengths=st.lists(st.integers(0, 300), max_size=80), window=st.integers(1, 250))
def test_every_row_that_fits_is_in_one_window_and_no_window_is_overfull(lengths: list[int], window: int) -> None:
    """A row in two windows is trained on twice; a row that is cut teaches the model to stop in the middle.

    A row without tokens (imported) has no known length and is in no window.
    """
    bins = best_fit(lengths, window)
    packed = sorted(place for members in bins for place in members)
    assert packed == [place for place, length in enumerate(lengths) if 0 < length <= window]
    assert all(sum(lengths[place] for place in members) <= window for members in bins)
    assert best_fit(lengths, window) == bins


@given(lengths=st.lists(st.integers(1, 100), min_size=1, max_size=60))
def test_never_more_windows_than_the_heuristic_promises(lengths: list[int]) -> None:
    """Padding wastes GPU time: best-fit decreasing needs at most 11/9 of the optimum + 1 windows."""
    least = -(-sum(lengths) // 100)
    two_fit_nowhere = sum(length > 50 for length in lengths)
    assert len(best_fit(lengths, 100)) <= 2 * max(least, two_fit_nowhere)


@pytest.mark.parametrize("window", WINDOWS)
def test_long_horizons_fill_their_windows(window: int) -> None:
    """At the lengths of agent trajectories (log-normal, mean 45K tokens), 99 % of each window is data."""
    drawn = np.random.default_rng(0).lognormal(0.0, 0.6, 10_000)
    lengths = [length for length in (drawn / drawn.mean() * 45_000).astype(int).tolist() if length <= window]
    assert sum(lengths) / (len(best_fit(lengths, window)) * window) >= 0.99


def test_a_release_holds_plans_that_name_its_rows_and_boundaries(tmp_path: Path) -> None:
    """A trainer that packs by the plan must find each row, and reset its state exactly between two rows."""
    settings = Settings(home=tmp_path, publish=Publish(to=str(tmp_path / "release"), validation_share=0.3))
    made, lake = make_small_lake(DAY, n_tasks=12), Lake(settings.lake)
    write_records(lake, DAY, made)
    write_decisions(lake, DAY, made)
    place = Path(str(run_publish(settings, DAY, silent)["location"]))
    manifest = Manifest.model_validate_json((place / "manifest.json").read_text())
    assert {(pack.split, pack.window) for pack in manifest.packs} == {
        (split, window) for split in ("train", "validation") for window in WINDOWS
    }
    for pack in manifest.packs:
        rows = pq.read_table(place / pack.path).to_pylist()
        shards = {shard.path: pq.read_table(place / shard.path)["token_ids"] for shard in manifest.shards}
        assert sorted((row["shard"], row["row"]) for row in rows) == sorted(
            (shard.path, row) for shard in manifest.shards if shard.split == pack.split for row in range(shard.rows)
        )
        ends: dict[int, int] = {}
        for row in rows:
            assert row["length"] == len(shards[row["shard"]][row["row"]])
            assert row["offset"] == ends.get(row["bin"], 0)
            ends[row["bin"]] = row["offset"] + row["length"]
        assert max(ends.values()) <= pack.window and len(ends) == pack.bins
