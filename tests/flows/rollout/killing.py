"""Kills runs at random events, as tests of several kinds of worlds do."""

import random
from collections.abc import Callable

from tests.doubles.teachers.vllm_process import CONTEXT


def kill_often(run: Callable[[int], object], latest: int, seed: int, most: int) -> int:
    """Kill runs at random events until one ends by itself; returns the number of kills.

    `run` is given the event at which it kills its own process, 1 to `latest`; 0 for none, after `most` kills.
    """
    dice, kills = random.Random(seed), 0
    while True:
        process = CONTEXT.Process(target=run, args=(dice.randint(1, latest) if kills < most else 0,))
        process.start()
        process.join()
        if process.exitcode == 0:
            return kills
        assert process.exitcode == -9
        kills += 1
