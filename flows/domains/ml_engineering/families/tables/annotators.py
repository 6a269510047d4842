"""Label noise: about half of the training labels come from annotators who read the scale upside down.

A small file of items that experts judged again shows whom to turn round; the test has labels of experts only.
"""

import io

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws, Numbers
from flows.domains.ml_engineering.families.problem import Drawn, Law, Table, logistic

MEASURES = ("x1", "x2", "x3", "x4", "x5")
N_GOLD = 140


def annotators(seed: int) -> Drawn:
    """Eight annotators, of whom four turn most labels round; the items of a week are in one part."""
    draws = Draws("tables", "annotators", seed)
    n, tests = draws.whole(2600, 3600), draws.whole(1200, 1500)
    week = np.sort(draws.rng.integers(1, 60, n + tests))
    train = week <= week[n]
    measures = draws.rng.normal(0, 1, (n + tests, len(MEASURES)))
    odds = 1.2 * (measures @ draws.either(0.7, 1.5, len(MEASURES)) + draws.either(0.4, 0.8) * measures[:, 2] ** 2 - 0.6)
    law = Law(logistic(np.asarray(odds)), binary=True)
    truth = np.array(law.sample(draws.rng), dtype=np.float64)
    who, names = draws.rng.integers(0, 8, n + tests), np.array(draws.words(9, 3))
    turned = np.isin(who, draws.rng.permutation(8)[:4]) & (draws.rng.random(n + tests) < 0.92)
    rows: Table = {draws["time"]: week, draws["item"]: np.arange(n + tests) + 5000}
    rows |= {draws[one]: measures[:, at] * draws.real(1, 5) + draws.real(0, 30) for at, one in enumerate(MEASURES)}
    rows[draws["who"]] = np.where(train, names[who], names[8])
    arrays = {name: np.asarray(values) for name, values in rows.items()}
    given = np.where(turned, 1 - truth, truth)
    gold = draws.rng.permutation(np.flatnonzero(train))[:N_GOLD]
    return Drawn(
        {name: values[train] for name, values in arrays.items()} | {draws["target"]: given[train]},
        {name: values[~train] for name, values in arrays.items()},
        law.rows(~train),
        week[~train],
        ("log_loss", "auc"),
        draws.scripts(measures=repr([draws[one] for one in MEASURES])),
        draws.theme,
        draws["time"],
        files={"expert_labels.csv": _gold(draws, arrays[draws["item"]][gold], truth[gold])},
    )


def _gold(draws: Draws, items: Numbers, truth: Numbers) -> bytes:
    text = io.StringIO()
    text.write(f"{draws['item']},{draws['target']}\n")
    text.writelines(f"{item},{int(label)}\n" for item, label in zip(items, truth, strict=True))
    return text.getvalue().encode()
