"""The collector's settings come back after a step: a process that runs several would else keep all garbage."""

import gc

import pytest

from flows.small_heap import MANY_YOUNG, small_heap


def test_collections_are_rare_inside_and_as_before_behind() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    with small_heap(MANY_YOUNG):
        assert gc.get_threshold() == (MANY_YOUNG, *before[1:])
        assert gc.get_freeze_count() > frozen
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_a_step_that_fails_leaves_the_collector_as_it_was() -> None:
    before = gc.get_threshold()
    with pytest.raises(RuntimeError), small_heap(MANY_YOUNG):
        raise RuntimeError
    assert gc.get_threshold() == before
