"""Keeps Python's garbage collector away from objects that live as long as a step: libraries, models, open attempts.

The collector looks at every container that it may have to free. A step that allocates much makes it look at the same
hundred thousands of objects again and again: a tenth of the step's CPU time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

DEFAULT_YOUNG = 700
"""New containers after which Python collects."""
MANY_YOUNG = 30_000
"""As DEFAULT_YOUNG, for code whose objects are all freed without the collector, apart from closed connections."""


@contextmanager
def small_heap(young: int = DEFAULT_YOUNG) -> Iterator[None]:
    """Leave all that is loaded by now out of collections, and collect after `young` new containers."""
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(young, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
