"""Mixed types: quantities written with units, and cells that are missing because their value is high."""

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws, Numbers
from flows.domains.ml_engineering.families.problem import Drawn, Law, Table

MASSES = (("kg", 1.0), ("g", 0.001), ("lb", 0.4536))
LENGTHS = (("cm", 1.0), ("m", 100.0), ("in", 2.54))


def units(seed: int) -> Drawn:
    """Sites write masses and lengths in units of their own choice; heavy pieces are often not weighed."""
    draws = Draws("tables", "units", seed)
    n_sites, tests, size = draws.whole(50, 70), draws.whole(16, 22), draws.whole(50, 65)
    site = np.repeat(np.arange(n_sites), size)
    mass, length = draws.rng.uniform(1, 40, len(site)), draws.rng.uniform(20, 200, len(site))
    grade = draws.among(4, len(site))
    expected = _law(draws, mass, length) + draws.either(5, 20, 4)[grade]
    hidden = draws.rng.random(len(site)) < 0.6 * (mass > 30) + 0.02
    rows: Table = {
        draws["group"]: site + 1,
        draws["mass"]: np.array(_written(draws, mass, MASSES, hidden)),
        draws["length"]: np.array(_written(draws, length, LENGTHS, draws.rng.random(len(site)) < 0.05)),
        draws["level"]: np.array(draws.words(4))[grade],
        draws["noise"]: draws.normal(len(site), 3) + 12,
    }
    law, train = Law(expected, draws.real(3, 6)), site < n_sites - tests
    arrays = {name: np.asarray(values) for name, values in rows.items()}
    return Drawn(
        {name: values[train] for name, values in arrays.items()} | {draws["target"]: law.rows(train).sample(draws.rng)},
        {name: values[~train] for name, values in arrays.items()},
        law.rows(~train),
        site[~train],
        ("rmse", "mae"),
        draws.scripts(masses=repr(dict(MASSES)), lengths=repr(dict(LENGTHS))),
        draws.theme,
        draws["group"],
    )


def _law(draws: Draws, mass: Numbers, length: Numbers) -> Numbers:
    return draws.real(2, 4) * mass + draws.real(0.3, 0.6) * length + draws.real(0.01, 0.02) * mass * length


def _written(draws: Draws, values: Numbers, scales: tuple[tuple[str, float], ...], missing: np.ndarray) -> list[str]:
    """Each value in a unit of its row, or one of several marks for a missing one."""
    chosen, marks = draws.rng.integers(0, len(scales), len(values)), ("", "n/a", "-", "?")
    written = []
    for value, place, gone in zip(values, chosen, missing, strict=True):
        unit, scale = scales[place]
        written.append(draws.pick(marks) if gone else f"{value / scale:.4g}{draws.pick((' ', ''))}{unit}")
    return written
