"""A weak acid partly neutralised by a strong base: its pH with an activity correction.

The second way finds the pH by bisection over the mass action law, from amounts that pint computes.
"""

import math

from flows.domains.science.topics.topic import Values


def acid_amount(acid_concentration: float, acid_volume: float) -> float:
    return acid_concentration * acid_volume


def salt_amount(base_concentration: float, base_volume: float) -> float:
    return base_concentration * base_volume


def salt_concentration(salt_amount: float, acid_volume: float, base_volume: float) -> float:
    return salt_amount / (acid_volume + base_volume)


def free_acid(acid_amount: float, salt_amount: float, acid_volume: float, base_volume: float) -> float:
    return (acid_amount - salt_amount) / (acid_volume + base_volume)


def activity_coefficient(salt_concentration: float) -> float:
    root = math.sqrt(salt_concentration)
    return float(10 ** (-0.509 * (root / (1 + root) - 0.3 * salt_concentration)))


def working_pka(pka: float, activity_coefficient: float) -> float:
    return pka + math.log10(activity_coefficient)


def ph(working_pka: float, salt_concentration: float, free_acid: float) -> float:
    return working_pka + math.log10(salt_concentration / free_acid)


def check(given: Values) -> Values:
    """The same by moles of hydrogen ions."""
    total = given["acid_volume"] + given["base_volume"]
    base = given["base_concentration"] * given["base_volume"]
    acid = given["acid_concentration"] * given["acid_volume"]
    salt, free = base / total, acid / total - base / total
    damping = math.exp(-0.509 * math.log(10) * (1 / (1 + salt**-0.5) - 0.3 * salt))
    constant = math.exp(-math.log(10) * given["pka"]) / damping
    low, high = 0.0, 14.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if 10**-middle * salt / free > constant else (low, middle)
    return {
        "acid_amount": acid, "salt_amount": base, "salt_concentration": salt, "free_acid": free,
        "activity_coefficient": damping, "working_pka": -math.log10(constant), "ph": low,
    }  # fmt: skip


STEPS = (acid_amount, salt_amount, salt_concentration, free_acid, activity_coefficient, working_pka, ph)
