"""Groups: each device reads on a scale of its own, and the test devices are new.

A reading has a meaning only against the other readings of its device.
"""

import numpy as np

from flows.domains.ml_engineering.families.draws import Draws, Numbers, Places
from flows.domains.ml_engineering.families.problem import Drawn, Law, Table

READINGS = ("x1", "x2", "x3")


def devices(seed: int) -> Drawn:
    """Readings are offset and stretched by device; the target follows the readings before that."""
    draws = Draws("tables", "devices", seed)
    n_devices, tests, size = draws.whole(70, 100), draws.whole(24, 32), draws.whole(36, 48)
    device = np.repeat(np.arange(n_devices), size)
    latent = draws.rng.normal(0, 1, (len(device), len(READINGS)))
    shown = latent * draws.rng.uniform(0.5, 3, (n_devices, 3))[device] + draws.normal(n_devices, 6)[device][:, None]
    age = draws.rng.integers(1, 120, len(device))
    law, train = Law(_law(draws, latent, age), draws.real(0.3, 0.5)), device < n_devices - tests
    rows = _table(draws, device, shown, age)
    return Drawn(
        {name: values[train] for name, values in rows.items()} | {draws["target"]: law.rows(train).sample(draws.rng)},
        {name: values[~train] for name, values in rows.items()},
        law.rows(~train),
        device[~train],
        ("rmse", "mae"),
        draws.scripts(readings=repr([draws[one] for one in READINGS])),
        draws.theme,
        draws["group"],
    )


def _law(draws: Draws, latent: Numbers, age: Places) -> Numbers:
    weights = draws.either(1.0, 2.5, 3)
    bend = draws.either(0.4, 0.9)
    return np.asarray(latent @ weights + bend * latent[:, 0] * latent[:, 1] + age / 60 + draws.real(5, 20))


def _table(draws: Draws, device: Places, shown: Numbers, age: Places) -> dict[str, np.ndarray]:
    names = np.array([f"{draws['prefix']}{one:03d}" for one in range(len(set(device.tolist())))])
    rows: Table = {draws["group"]: names[device], draws["age"]: age}
    rows |= {draws[one]: shown[:, at] for at, one in enumerate(READINGS)}
    rows[draws["level"]] = np.array(draws.words(3))[draws.among(3, len(device))]
    rows[draws["noise"]] = draws.normal(len(device), 4) + 20
    return {name: np.asarray(values) for name, values in rows.items()}
