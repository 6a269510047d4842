"""Interactions: a product of powers of the columns, with test groups in a range that training never reaches.

Trees cannot extrapolate; a linear model of logarithms can.
"""

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws, Numbers, Places
from flows.domains.ml_engineering.families.problem import Drawn, Law, Table

POWERS = (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0)
FACTORS = ("x1", "x2", "x3", "x4", "x5")


def products(seed: int) -> Drawn:
    """Batches of one material each; later batches run at larger values."""
    draws = Draws("tables", "products", seed)
    n_batches, size, tests = draws.whole(60, 90), draws.whole(30, 45), draws.whole(18, 26)
    batch = np.repeat(np.arange(n_batches), size)
    logs = draws.rng.normal(0, 0.6, (len(batch), len(FACTORS))) + draws.rng.normal(0, 0.5, (n_batches, 5))[batch]
    logs[batch >= n_batches - tests] += draws.rng.choice([-1.0, 1.0], 5) * draws.rng.uniform(0.5, 0.9, 5)
    material = draws.among(5, n_batches)[batch]
    expected = _law(draws, logs, material)
    rows = _table(draws, batch, logs, material)
    law, train = Law(expected, 0.06 * expected), batch < n_batches - tests
    return Drawn(
        {name: values[train] for name, values in rows.items()} | {draws["target"]: law.rows(train).sample(draws.rng)},
        {name: values[~train] for name, values in rows.items()},
        law.rows(~train),
        batch[~train],
        ("rmse", "mae"),
        draws.scripts(factors=repr([draws[one] for one in FACTORS])),
        draws.theme,
        draws["group"],
    )


def _law(draws: Draws, logs: Numbers, material: Places) -> Numbers:
    """Three or four factors count, each to a power; the material multiplies the rest."""
    powers = np.zeros(len(FACTORS))
    chosen = draws.rng.permutation(len(FACTORS))[: draws.whole(3, 4)]
    powers[chosen] = draws.rng.choice(POWERS, len(chosen))
    powers[chosen[0]] = draws.pick((1.0, 2.0))
    expected: Numbers = np.exp(logs @ powers + draws.normal(5, 0.3)[material] + draws.real(1.0, 3.0))
    return expected


def _table(draws: Draws, batch: Places, logs: Numbers, material: Places) -> dict[str, np.ndarray]:
    names = np.array(draws.words(5))
    scales = np.exp(draws.rng.uniform(-2, 4, len(FACTORS)))
    rows: Table = {draws["group"]: batch + 101, draws["level"]: names[material]}
    rows |= {draws[one]: np.exp(logs[:, at]) * scales[at] for at, one in enumerate(FACTORS)}
    rows[draws["noise"]] = draws.normal(len(batch), 10) + 50
    return {name: np.asarray(values) for name, values in rows.items()}
