"""Counting: bright spots of very unequal size on an uneven ground; the sum of brightness misleads."""

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws, Numbers
from flows.domains.ml_engineering.families.images.arrays import array_file
from flows.domains.ml_engineering.families.problem import Drawn, Law

SIZE = 20


def blobs(seed: int) -> Drawn:
    """The target is the number of spots, with the small errors of those who counted."""
    draws = Draws("images", "blobs", seed)
    n, tests = draws.whole(500, 600), draws.whole(420, 500)
    plate = np.sort(draws.rng.integers(1, 50, n + tests))
    train = plate <= plate[n]
    pairs = [_plate(draws, draws.whole(1, 9)) for _ in range(n + tests)]
    images = np.array([image for image, _ in pairs])
    law, shown = Law(np.array([float(count) for _, count in pairs]), 0.3), draws.rng.permutation(n + tests)
    columns = {draws["plate"]: plate, "image": np.argsort(shown)}
    return Drawn(
        {name: values[train] for name, values in columns.items()}
        | {draws["target"]: law.rows(train).sample(draws.rng)},
        {name: values[~train] for name, values in columns.items()},
        law.rows(~train),
        plate[~train],
        ("mae", "rmse"),
        draws.scripts(),
        draws.theme,
        draws["plate"],
        files={"images.npy": array_file(images[shown])},
    )


def _plate(draws: Draws, wanted: int) -> tuple[Numbers, int]:
    """An image, and the number of spots that found a place apart from the others."""
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    slope = draws.rng.uniform(-0.012, 0.012, 2)
    image = 0.2 + slope[0] * (y - SIZE / 2) + slope[1] * (x - SIZE / 2) + draws.rng.normal(0, 0.03, (SIZE, SIZE))
    placed: list[tuple[int, int, float]] = []
    for _ in range(wanted):
        row, column, radius = draws.whole(2, SIZE - 3), draws.whole(2, SIZE - 3), draws.real(0.8, 3.2)
        if all(np.hypot(row - r, column - c) > radius + other + 1.6 for r, c, other in placed):
            placed.append((row, column, radius))
            image[np.hypot(y - row, x - column) <= radius] += draws.real(0.35, 0.7)
    return image, len(placed)
