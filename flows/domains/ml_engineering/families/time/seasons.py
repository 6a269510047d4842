"""Seasons: sales by day as a product of level, trend, year, week, price and offers; the test is the time after."""

from datetime import date, timedelta

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws, Numbers, Places
from flows.domains.ml_engineering.families.problem import Drawn, Law, Table

FIRST = date(2021, 1, 4)


def seasons(seed: int) -> Drawn:
    """Places of two regions, whose years run opposite to each other; some days are missing."""
    draws = Draws("time", "seasons", seed)
    n_places, days, tests = draws.whole(6, 9), draws.whole(700, 900), draws.whole(170, 230)
    day, place = (one.ravel() for one in np.meshgrid(np.arange(days + tests), np.arange(n_places), indexing="ij"))
    open_days = draws.rng.random(len(day)) < draws.real(0.45, 0.6)
    day, place = day[open_days], place[open_days]
    south = (draws.rng.permutation(n_places) < n_places // 2)[place]
    price = np.exp(draws.normal(n_places, 0.3)[place] + draws.normal(len(day), 0.15)) * 10
    offer = draws.rng.random(len(day)) < 0.2
    expected = _law(draws, day, place, south, price) * np.where(offer, draws.real(1.2, 1.7), 1.0)
    law, train = Law(expected, 0.1 * expected), day < days
    rows: Table = {
        draws["date"]: np.array([(FIRST + timedelta(days=int(one))).isoformat() for one in day]),
        draws["place"]: np.array(draws.words(n_places))[place],
        draws["region"]: np.array(draws.words(2))[south.astype(int)],
        draws["price"]: price,
        draws["offer"]: offer.astype(int),
        draws["noise"]: draws.normal(len(day), 6) + 15,
    }
    arrays = {name: np.asarray(values) for name, values in rows.items()}
    return Drawn(
        {name: values[train] for name, values in arrays.items()} | {draws["target"]: law.rows(train).sample(draws.rng)},
        {name: values[~train] for name, values in arrays.items()},
        law.rows(~train),
        day[~train],
        ("rmse", "mae"),
        draws.scripts(),
        draws.theme,
        draws["date"],
    )


def _law(draws: Draws, day: Places, place: Places, south: np.ndarray, price: Numbers) -> Numbers:
    """Without offers: everything multiplies."""
    year = 2 * np.pi * (day / 365.25 + draws.real(0, 1) + 0.5 * south)
    logs = draws.normal(int(place.max()) + 1, 0.6)[place] + draws.real(0.25, 0.5) * day / 365
    logs = logs + draws.real(0.3, 0.6) * np.sin(year) + draws.normal(7, 0.25)[day % 7]
    return np.asarray(np.exp(logs + draws.real(2.5, 4) - draws.real(0.8, 1.6) * np.log(price / 10)))
