"""Digits as arrays: written upright in training, turned and noisier in the test, where other hands hold the camera."""

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws, Numbers
from flows.domains.ml_engineering.families.images.arrays import array_file, rotated
from flows.domains.ml_engineering.families.problem import Drawn, Law

SIZE = 16
SEGMENTS = {"top": (0, 0, 0, 6), "upper": (0, 0, 5, 0), "right": (0, 6, 5, 6), "middle": (5, 0, 5, 6)} | {
    "lower": (5, 0, 10, 0), "lower_right": (5, 6, 10, 6), "bottom": (10, 0, 10, 6),
}  # fmt: skip
MISSING = {
    "0": ("middle",), "1": ("top", "upper", "middle", "lower", "bottom"), "2": ("upper", "lower_right"),
    "3": ("upper", "lower"), "4": ("top", "lower", "bottom"), "5": ("right", "lower"), "6": ("right",),
    "7": ("upper", "middle", "lower", "bottom"), "8": (),
}  # fmt: skip
"""Segments that a digit lacks; 9 is left out, since it is a turned 6."""

MISREAD = 0.04
"""Share of the labels that are drawn at random, nearly."""


def digits(seed: int) -> Drawn:
    """Nine classes; the label is a letter that the seed assigns to a digit."""
    draws = Draws("images", "digits", seed)
    n, tests, turn = draws.whole(500, 600), draws.whole(420, 500), draws.real(35, 50)
    writer = np.sort(draws.rng.integers(1, 60, n + tests))
    train = writer <= writer[n]
    names, letters = sorted(MISSING), sorted(draws.codes(len(MISSING), 1))
    place = draws.rng.integers(0, len(names), n + tests)
    degrees = np.where(train, draws.rng.uniform(-6, 6, n + tests), draws.rng.uniform(-turn, turn, n + tests))
    images = rotated(np.array([_digit(draws, names[at]) for at in place]), degrees)
    images += draws.rng.normal(0, 1, images.shape) * np.where(train, 0.08, 0.14)[:, None, None]
    shown = draws.rng.permutation(n + tests)
    law = Law(np.eye(len(names))[place] + MISREAD / len(names), classes=tuple(letters))
    columns = {draws["writer"]: writer, "image": np.argsort(shown)}
    return Drawn(
        {name: values[train] for name, values in columns.items()}
        | {draws["target"]: law.rows(train).sample(draws.rng)},
        {name: values[~train] for name, values in columns.items()},
        law.rows(~train),
        writer[~train],
        ("f1_macro",),
        draws.scripts(turn=round(turn)),
        draws.theme,
        draws["writer"],
        files={"images.npy": array_file(images[shown])},
    )


def _digit(draws: Draws, name: str) -> Numbers:
    """A digit of bars, shifted and with bars of unequal brightness."""
    image = np.zeros((SIZE, SIZE))
    down, right = draws.whole(2, 3), draws.whole(4, 5)
    for segment, (top, left, bottom, end) in SEGMENTS.items():
        if segment not in MISSING[name]:
            shade = draws.real(0.6, 1.0)
            image[down + top : down + bottom + 1, right + left : right + end + 1] = shade
    return image
