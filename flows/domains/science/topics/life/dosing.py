"""A drug taken by mouth; the second way finds the peak by bisection and sums the doses one by one."""

import math

from flows.domains.science.topics.topic import Values


def volume(weight: float, volume_per_weight: float) -> float:
    return weight * volume_per_weight


def elimination_rate(clearance: float, volume: float) -> float:
    return clearance / volume


def peak_time(absorption_rate: float, elimination_rate: float) -> float:
    return math.log(absorption_rate / elimination_rate) / (absorption_rate - elimination_rate)


def peak_concentration(  # noqa: PLR0913, PLR0917 (each is a quantity)
    dose: float, available_share: float, volume: float, absorption_rate: float, elimination_rate: float,
    peak_time: float,
) -> float:  # fmt: skip
    scale = dose * available_share / 100 / volume * absorption_rate / (absorption_rate - elimination_rate)
    return scale * (math.exp(-elimination_rate * peak_time) - math.exp(-absorption_rate * peak_time))


def exposure(dose: float, available_share: float, clearance: float) -> float:
    return dose * available_share / 100 / clearance


def accumulation(elimination_rate: float, interval: float) -> float:
    return 1 / (1 - math.exp(-elimination_rate * interval))


def steady_trough(exposure: float, accumulation: float, elimination_rate: float, interval: float) -> float:
    return exposure * elimination_rate * accumulation * math.exp(-elimination_rate * interval)


def check(given: Values) -> Values:
    """The same with the peak found by bisection of the slope, and geometric sums."""
    space = given["volume_per_weight"] * given["weight"]
    out, into = given["clearance"] / space, given["absorption_rate"]
    taken = given["dose"] * given["available_share"] / 100
    low, high = 1e-9, 10 / out
    for _ in range(100):
        middle = (low + high) / 2
        rising = into * math.exp(-into * middle) > out * math.exp(-out * middle)
        low, high = (middle, high) if rising else (low, middle)
    at_peak = taken / space * math.exp(-into * low) * into / out  # where both flows are equal
    kept = math.exp(-out * given["interval"])
    repeats = sum(kept**n for n in range(4000))
    return {
        "volume": space, "elimination_rate": out, "peak_time": low, "peak_concentration": at_peak,
        "exposure": taken / space / out, "accumulation": repeats, "steady_trough": taken / space * repeats * kept,
    }  # fmt: skip


STEPS = (volume, elimination_rate, peak_time, peak_concentration, exposure, accumulation, steady_trough)
