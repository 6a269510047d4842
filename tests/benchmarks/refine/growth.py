"""How the time to find duplicates grows with the lake, and that memory does not: rows are shorter, for their number."""

from collections.abc import Iterator

from tests.benchmarks.figure import Figure
from tests.benchmarks.refine.made import ROWS, made_lake, measured, middle
from tests.doubles.lakes.labelled_lake import Shape

REPEATS = 3
SMALL = Shape(ROWS, calls=8, words=100, page_chars=200)
LARGE = Shape(10 * ROWS, calls=8, words=100, page_chars=200)


def figures() -> Iterator[Figure]:
    lakes = [made_lake(shape) for shape in (SMALL, LARGE)]
    rounds = [[measured("duplicates", lake) for lake in lakes] for _ in range(REPEATS)]
    small, large = ([run[place] for run in rounds] for place in range(2))
    of = f"{LARGE.rows} trajectories of 9 turns and 100 words a turn, against {SMALL.rows}, over linear"
    yield Figure("refine.growth", round(middle(large) / middle(small) / 10, 3), "ratio", of)
    yield Figure("refine.peak_mb_grown", round(max(run.peak_mb for run in large)), "MB", "DuckDB limited to 300 MB")
