"""Leakage: columns filled in after the outcome, which decide in training and are noise in the test."""

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws, Numbers
from flows.domains.ml_engineering.families.problem import Drawn, Law, Table, logistic

MEASURES = ("x1", "x2", "x3", "x4", "x5", "x6")


def leakage(seed: int) -> Drawn:
    """Closed cases train, open cases test: the code of closure and the days of follow-up are leaks."""
    draws = Draws("tables", "leakage", seed)
    n, tests = draws.whole(2500, 3500), draws.whole(1200, 1500)
    day = np.sort(draws.rng.integers(1, 400, n + tests))
    train = day <= day[n]
    measures = draws.rng.normal(0, 1, (n + tests, len(MEASURES)))
    weights = draws.either(0.5, 1.3, len(MEASURES)) * (draws.rng.random(6) < 0.8)
    odds = measures @ weights + draws.either(0.5, 1.0) * measures[:, 0] * measures[:, 1]
    law = Law(logistic(np.asarray(odds)), binary=True)
    labels = np.array(law.sample(draws.rng), dtype=np.float64)
    rows: Table = {draws["time"]: day}
    rows |= {draws[one]: measures[:, at] * draws.real(1, 9) + draws.real(-5, 60) for at, one in enumerate(MEASURES)}
    rows |= _leaks(draws, labels, train)
    arrays = {name: np.asarray(values) for name, values in rows.items()}
    return Drawn(
        {name: values[train] for name, values in arrays.items()} | {draws["target"]: labels[train]},
        {name: values[~train] for name, values in arrays.items()},
        law.rows(~train),
        day[~train],
        ("auc", "log_loss"),
        draws.scripts(measures=repr([draws[one] for one in MEASURES])),
        draws.theme,
        draws["time"],
    )


def _leaks(draws: Draws, labels: Numbers, train: np.ndarray) -> Table:
    """The two leaks: true to the outcome of closed cases, a coin's throw for open ones."""
    told = np.where(train, labels, draws.rng.integers(0, 2, len(labels)))
    code = np.where(draws.rng.random(len(labels)) < 0.03, 1 - told, told).astype(int)
    names = np.array(draws.codes(2, 3))
    days = np.where(train, 5 + 9 * labels, draws.rng.uniform(0, 20, len(labels))) + draws.rng.uniform(0, 4, len(labels))
    return {draws["leak"]: names[code], draws["late"]: days}
