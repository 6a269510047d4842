"""Degenerate repetition is detected by vLLM's own rule, on every engine."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.rollout.loop.repetition import MAX_BLOCK, ends_in_repetition, find_repetition

IDS = st.lists(st.integers(0, 3), max_size=40)


def as_vllm_does(ids: Sequence[int], limit: int) -> int:
    """vLLM 0.32's check_sequence_repetition, written out: the first block length that repeats."""
    for block in range(1, MAX_BLOCK + 1):
        if block * limit > len(ids):
            return 0
        if all(ids[-n] == ids[-(block * m + n)] for n in range(1, block + 1) for m in range(1, limit)):
            return block
    return 0


@settings(deadline=None)
@given(IDS, st.integers(2, 6))
def test_the_rule_is_the_servers_own(ids: list[int], limit: int) -> None:
    """A second rule would label the same text differently on two servers."""
    assert find_repetition(ids, limit) == as_vllm_does(ids, limit)


@settings(deadline=None)
@given(IDS, st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(2, 8))
def test_a_repeated_block_is_found_after_any_prefix(before: list[int], block: list[int], limit: int) -> None:
    found = find_repetition(before + block * limit, limit)
    assert 0 < found <= len(block)


@pytest.mark.parametrize(
    ("ids", "limit", "block"),
    [
        ([], 2, 0),
        ([7], 2, 0),
        ([7, 7], 2, 1),
        ([7, 7], 3, 0),
        ([1, 2] * 4, 4, 2),
        ([1, 2] * 3, 4, 0),
        ([7] * 99, 0, 0),
        ([7] * 99, 1, 1),
        ([7], 1, 0),
        (list(range(MAX_BLOCK)) * 2, 2, MAX_BLOCK),
        (list(range(MAX_BLOCK + 1)) * 2, 2, 0),
    ],
)
def test_the_bounds_of_the_rule(ids: list[int], limit: int, block: int) -> None:
    assert find_repetition(ids, limit) == block


def test_a_stop_token_after_the_repetition_is_ignored() -> None:
    """A server with the option would have stopped one token earlier."""
    assert ends_in_repetition([1, 2] * 16 + [99], "stop", 16)
    assert not ends_in_repetition([1, 2] * 16 + [99], "length", 16)
    assert not ends_in_repetition([1, 2] * 15 + [99], "stop", 16)


def test_a_generation_stopped_by_the_server_counts_as_repetition() -> None:
    assert ends_in_repetition([1, 2, 3], "repetition", 16)
    assert not ends_in_repetition([1] * 500, "stop", 0)
