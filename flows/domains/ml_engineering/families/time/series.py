"""Series: many curves of one hidden period, each with its own height, phase and drift; the test continues them."""

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws, Numbers, Places
from flows.domains.ml_engineering.families.problem import Drawn, Law, Table


def series(seed: int) -> Drawn:
    """The period is no round number; some steps are missing from each curve."""
    draws = Draws("time", "series", seed)
    n_curves, steps, tests = draws.whole(20, 30), draws.whole(150, 200), draws.whole(60, 80)
    step, curve = (one.ravel() for one in np.meshgrid(np.arange(steps + tests), np.arange(n_curves), indexing="ij"))
    seen = draws.rng.random(len(step)) < 0.75
    step, curve, period = step[seen], curve[seen], draws.real(11, 37)
    law, train = Law(_law(draws, step, curve, period), draws.real(0.25, 0.5)), step < steps
    rows: Table = {
        draws["time"]: step,
        draws["curve"]: np.array(draws.codes(n_curves, 3))[curve],
        draws["level"]: np.array(draws.words(3))[draws.rng.integers(0, 3, n_curves)[curve]],
    }
    arrays = {name: np.asarray(values) for name, values in rows.items()}
    return Drawn(
        {name: values[train] for name, values in arrays.items()} | {draws["target"]: law.rows(train).sample(draws.rng)},
        {name: values[~train] for name, values in arrays.items()},
        law.rows(~train),
        step[~train],
        ("mae", "rmse"),
        draws.scripts(period=f"{period:.4f}"),
        draws.theme,
        draws["time"],
    )


def _law(draws: Draws, step: Places, curve: Places, period: float) -> Numbers:
    n = int(curve.max()) + 1
    heights, phases = draws.rng.uniform(1, 3, (2, n)), draws.rng.uniform(0, 2 * np.pi, (2, n))
    level, drift = draws.normal(n, 4), draws.normal(n, 0.015)
    waves = [
        heights[k][curve] / (k + 1) * np.sin(2 * np.pi * (k + 1) * step / period + phases[k][curve]) for k in (0, 1)
    ]
    return np.asarray(level[curve] + drift[curve] * step + waves[0] + waves[1] + 20)
