"""Amounts in sentences: the target is a sum of products with a reduction, all of them written in words and figures."""

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws
from flows.domains.ml_engineering.families.problem import Drawn, Law

COUNTS = {"a dozen": 12, "two": 2, "three": 3, "half a dozen": 6, "twenty": 20}


def invoices(seed: int) -> Drawn:
    """Delivery notes of two to five items, some with a reduction or money paid before."""
    draws = Draws("text", "invoices", seed)
    n, tests = draws.whole(1400, 1800), draws.whole(900, 1100)
    day = np.sort(draws.rng.integers(1, 300, n + tests))
    train, goods, fee = day <= day[n], draws.words(12), draws.whole(5, 40)
    notes = [_note(draws, goods, fee) for _ in range(n + tests)]
    columns = {draws["time"]: day, draws["text"]: np.array([text for text, _ in notes])}
    law = Law(np.array([total for _, total in notes]), draws.real(2, 6))
    return Drawn(
        {name: values[train] for name, values in columns.items()}
        | {draws["target"]: law.rows(train).sample(draws.rng)},
        {name: values[~train] for name, values in columns.items()},
        law.rows(~train),
        day[~train],
        ("mae", "rmse"),
        draws.scripts(counts=repr(COUNTS)),
        draws.theme,
        draws["time"],
    )


def _note(draws: Draws, goods: list[str], fee: int) -> tuple[str, float]:
    """A note and the money that is due; urgent deliveries cost a fee, which the text does not name."""
    items = [_item(draws, goods) for _ in range(draws.whole(2, 5))]
    total = sum(price for _, price in items)
    text = f"{draws['opening']} " + ", ".join(written for written, _ in items) + "."
    if draws.rng.random() < 0.4:
        percent = draws.pick((5, 10, 15, 20, 25))
        text, total = f"{text} {draws['reduction'].format(percent)}", total * (1 - percent / 100)
    if draws.rng.random() < 0.4:
        paid = draws.whole(5, 60)
        text, total = f"{text} {draws['paid'].format(paid)}", total - paid
    if draws.rng.random() < 0.3:
        text, total = f"{text} {draws['urgent']}", total + fee
    return text, total


def _item(draws: Draws, goods: list[str]) -> tuple[str, float]:
    price, good = draws.whole(2, 40) / 2, draws.pick(goods)
    if draws.rng.random() < 0.4:
        word = draws.pick(sorted(COUNTS))
        return f"{word} {good} at {price:.2f} each", COUNTS[word] * price
    count = draws.whole(1, 30)
    return f"{count} {good} at {price:.2f} each", count * price
