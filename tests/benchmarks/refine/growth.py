"""Measures how the time of near-duplicate search grows with a lake of ten times the rows, and its peak memory there."""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.figure import Figure
from tests.benchmarks.refine.made import FULL_ROWS, made_lake, measured, middle
from tests.doubles.lakes.labelled_lake import Shape

FIGURES = ("refine.growth", "refine.peak_mb_grown")


@dataclass(frozen=True)
class Size:
    """Trajectories of the smaller lake, and repeats, of which the median counts."""

    rows: int
    repeats: int


FULL, SMOKE = Size(FULL_ROWS, 3), Size(32, 1)


def figures(size: Size) -> Iterator[Figure]:
    """Seconds of the large lake over ten times those of the small one, and the peak memory of the large one."""
    shapes = [Shape(rows, calls=8, words=100, page_chars=200) for rows in (size.rows, 10 * size.rows)]
    lakes = [made_lake(shape) for shape in shapes]
    rounds = [[measured("duplicates", lake) for lake in lakes] for _ in range(size.repeats)]
    small, large = ([run[place] for run in rounds] for place in range(2))
    of = f"{10 * size.rows} trajectories of 9 turns and 100 words per turn, against {size.rows}, over linear"
    yield Figure("refine.growth", round(middle(large) / middle(small) / 10, 3), "ratio", of)
    yield Figure("refine.peak_mb_grown", round(max(run.peak_mb for run in large)), "MB", "DuckDB limited to 300 MB")
