"""Events: a second table of dated events, whose counts in a window decide; the main table alone is no help."""

import io

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws, Numbers, Places
from flows.domains.ml_engineering.families.problem import Drawn, Law, Table, logistic

KINDS = 6


def events(seed: int) -> Drawn:
    """The outcome depends on recent events of two kinds and on the time since the last of any kind."""
    draws = Draws("time", "events", seed)
    n, tests, window = draws.whole(1800, 2400), draws.whole(1000, 1300), draws.pick((14, 21, 30))
    day = np.sort(draws.rng.integers(100, 500, n + tests))
    train, owner = day <= day[n], np.repeat(np.arange(n + tests), draws.rng.integers(4, 20, n + tests))
    when = day[owner] - np.ceil(draws.rng.exponential(35, len(owner))).astype(int)
    kind, amount = draws.among(KINDS, len(owner)), draws.rng.lognormal(2, 0.7, len(owner))
    names, good, bad = draws.words(KINDS), *draws.rng.permutation(KINDS)[:2]
    plan = draws.among(3, n + tests)
    odds = _law(draws, (owner, day[owner] - when, kind), (int(good), int(bad)), window) + draws.normal(3, 0.3)[plan]
    law = Law(logistic(odds - np.median(odds)), binary=True)
    rows: Table = {
        draws["id"]: np.arange(n + tests) + 1,
        draws["time"]: day,
        draws["level"]: np.array(draws.words(3))[plan],
    }
    rows[draws["noise"]] = draws.rng.integers(18, 80, n + tests)
    arrays = {name: np.asarray(values) for name, values in rows.items()}
    log = {draws["id"]: owner + 1, draws["when"]: when, draws["kind"]: np.array(names)[kind], draws["amount"]: amount}
    return Drawn(
        {name: values[train] for name, values in arrays.items()} | {draws["target"]: law.rows(train).sample(draws.rng)},
        {name: values[~train] for name, values in arrays.items()},
        law.rows(~train),
        day[~train],
        ("auc", "log_loss"),
        draws.scripts(window=window, good=repr(names[int(good)]), bad=repr(names[int(bad)])),
        draws.theme,
        draws["time"],
        files={"events.csv": _log(log)},
    )


def _law(draws: Draws, log: tuple[Places, Places, Places], kinds: tuple[int, int], window: int) -> Numbers:
    """Log-odds by owner, from (owner, age in days, kind) of each event."""
    owner, age, kind = log
    n = int(owner.max()) + 1
    counts = [np.bincount(owner[(kind == one) & (age <= window)], minlength=n) for one in kinds]
    last = np.full(n, 200.0)
    np.minimum.at(last, owner, age.astype(float))
    return np.asarray(draws.real(1.3, 2) * (counts[0] - counts[1]) - draws.real(0.08, 0.14) * last.clip(0, 30))


def _log(columns: Table) -> bytes:
    text = io.StringIO()
    text.write(",".join(columns) + "\n")
    rows = zip(*columns.values(), strict=True)
    text.writelines(f"{one},{day},{kind},{amount:.2f}\n" for one, day, kind, amount in rows)
    return text.getvalue().encode()
