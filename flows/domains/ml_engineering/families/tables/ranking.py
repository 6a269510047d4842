"""Ranking: the offers of a query fit it where attributes of both match, and each query is graded on its own scale."""

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws, Numbers, Places
from flows.domains.ml_engineering.families.problem import Drawn, Law, Table

OFFERS = 16
"""Offers of a query."""


def ranking(seed: int) -> Drawn:
    """Grades 0 to 3 by the place among the offers of the same query."""
    draws = Draws("tables", "ranking", seed)
    n_queries, tests = draws.whole(150, 190), draws.whole(60, 80)
    query = np.repeat(np.arange(n_queries + tests), OFFERS)
    rows, utility = _table(draws, query)
    law, train = Law(utility, 0.35, queries=query), query < n_queries
    arrays = {name: np.asarray(values) for name, values in rows.items()}
    return Drawn(
        {name: values[train] for name, values in arrays.items()} | {draws["target"]: law.rows(train).sample(draws.rng)},
        {name: values[~train] for name, values in arrays.items()},
        law.rows(~train),
        query[~train],
        ("ndcg",),
        draws.scripts(),
        draws.theme,
        draws["group"],
    )


def _table(draws: Draws, query: Places) -> tuple[Table, Numbers]:
    """The offers, and how well each fits."""
    n, styles, places = len(query), np.array(draws.words(14)), np.array(draws.codes(10, 3))
    wish, size, budget = (draws.rng.random(len(set(query.tolist())))[query] for _ in range(3))
    wanted, near = (wish * len(styles)).astype(int), draws.rng.integers(0, 10, len(set(query.tolist())))[query]
    style = np.where(draws.rng.random(n) < 0.3, wanted, draws.rng.integers(0, len(styles), n))
    place = np.where(draws.rng.random(n) < 0.3, near, draws.rng.integers(0, 10, n))
    offered, price, rating = draws.rng.random(n), draws.rng.random(n), draws.rng.random(n)
    fits = draws.real(1.2, 2) * (style == wanted) + draws.real(1.2, 2) * (place == near)
    fits = fits - draws.real(2, 3) * abs(size - offered) - draws.real(0.8, 1.4) * (price > budget) + 0.4 * rating
    table: Table = {
        draws["group"]: query + 1,
        draws["wish"]: styles[wanted],
        draws["near"]: places[near],
        draws["size"]: 20 + 100 * size,
        draws["budget"]: 50 + 900 * budget,
        draws["style"]: styles[style],
        draws["place"]: places[place],
        draws["offered"]: 20 + 100 * offered,
        draws["price"]: 50 + 900 * price,
        draws["rating"]: 1 + 4 * rating,
    }
    return table, fits
