"""A first-order reaction held at two temperatures; the second way integrates the rate law in small steps."""

import math

from flows.domains.science.topics.topic import Values


def rate_first(prefactor: float, activation_energy: float, temperature_first: float) -> float:
    return prefactor * math.exp(-activation_energy / (8.314462618 * temperature_first))


def rate_second(prefactor: float, activation_energy: float, temperature_second: float) -> float:
    return prefactor * math.exp(-activation_energy / (8.314462618 * temperature_second))


def half_life(rate_first: float) -> float:
    return math.log(2) / rate_first


def after_first(concentration: float, rate_first: float, time_first: float) -> float:
    return concentration * math.exp(-rate_first * time_first)


def after_second(after_first: float, rate_second: float, time_second: float) -> float:
    return after_first * math.exp(-rate_second * time_second)


def product_amount(concentration: float, after_second: float, reactor_volume: float) -> float:
    return (concentration - after_second) * reactor_volume


def check(given: Values) -> Values:
    """The same by the method of Runge and Kutta, with logarithms of the rates."""
    rates = [
        math.exp(math.log(given["prefactor"]) - given["activation_energy"] / 8.314462618 / given[name])
        for name in ("temperature_first", "temperature_second")
    ]
    left = [given["concentration"]]
    for rate, time in zip(rates, (given["time_first"], given["time_second"]), strict=True):
        left.append(_integrated(left[-1], rate, time))
    return {
        "rate_first": rates[0], "rate_second": rates[1], "half_life": 0.6931471805599453 / rates[0],
        "after_first": left[1], "after_second": left[2],
        "product_amount": given["concentration"] * given["reactor_volume"] - left[2] * given["reactor_volume"],
    }  # fmt: skip


def _integrated(start: float, rate: float, time: float, n: int = 200) -> float:
    value, step = start, time / n
    for _ in range(n):
        slopes = [-rate * value]
        for share in (0.5, 0.5, 1.0):
            slopes.append(-rate * (value + share * step * slopes[-1]))
        value += step * (slopes[0] + 2 * slopes[1] + 2 * slopes[2] + slopes[3]) / 6
    return value


STEPS = (rate_first, rate_second, half_life, after_first, after_second, product_amount)
