"""Categories with rare levels: a code of several parts, most of them never seen before, whose parts carry the law."""

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws, Numbers
from flows.domains.ml_engineering.families.problem import Drawn, Law, Table, logistic


def codes(seed: int) -> Drawn:
    """Two classes. The last part of a code and the remainder of its number count most; the first part counts least."""
    draws = Draws("tables", "codes", seed)
    n, tests, modulus = draws.whole(3000, 4000), draws.whole(1200, 1500), draws.pick((3, 4, 5, 7))
    week = np.sort(draws.rng.integers(1, 53, n + tests))
    train = week <= week[n]
    first, last = draws.codes(9, 2), draws.codes(6, 1)
    parts = draws.among(9, n + tests), draws.rng.integers(100, 1000, n + tests), draws.among(6, n + tests)
    effects = draws.either(0.1, 0.5, 9), draws.either(0.9, 2.0, modulus), draws.either(0.9, 2.0, 6)
    amount, age = draws.rng.lognormal(3, 0.5, n + tests), draws.rng.uniform(0, 10, n + tests)
    odds = effects[0][parts[0]] + effects[1][parts[1] % modulus] + effects[2][parts[2]] + 0.1 * (age - 5)
    written = [f"{first[a]}{draws['sign']}{b}{draws['sign']}{last[c]}" for a, b, c in zip(*parts, strict=True)]
    rows: Table = {
        draws["time"]: week,
        draws["code"]: np.array(written),
        draws["amount"]: amount,
        draws["age"]: age,
        draws["level"]: np.array(draws.words(4))[draws.among(4, n + tests)],
    }
    return _drawn(draws, rows, odds - np.median(odds), train, modulus)


def _drawn(draws: Draws, rows: Table, odds: Numbers, train: np.ndarray, modulus: int) -> Drawn:
    law = Law(logistic(odds), binary=True)
    arrays = {name: np.asarray(values) for name, values in rows.items()}
    return Drawn(
        {name: values[train] for name, values in arrays.items()} | {draws["target"]: law.rows(train).sample(draws.rng)},
        {name: values[~train] for name, values in arrays.items()},
        law.rows(~train),
        arrays[draws["time"]][~train],
        ("auc", "log_loss"),
        draws.scripts(modulus=modulus),
        draws.theme,
        draws["time"],
    )
