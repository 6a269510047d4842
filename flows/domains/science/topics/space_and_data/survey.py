"""A survey in three strata; the second way works with exact fractions."""

import math

from flows.domains.science.topics.topic import Values


def population(size_north: float, size_middle: float, size_south: float) -> float:
    return size_north + size_middle + size_south


def mean(  # noqa: PLR0913, PLR0917 (each is a quantity)
    size_north: float, size_middle: float, size_south: float, mean_north: float, mean_middle: float,
    mean_south: float, population: float,
) -> float:  # fmt: skip
    return (size_north * mean_north + size_middle * mean_middle + size_south * mean_south) / population


def variance(  # noqa: PLR0913, PLR0917 (each is a quantity)
    size_north: float, size_middle: float, size_south: float, deviation_north: float, deviation_middle: float,
    deviation_south: float, sample: int, population: float,
) -> float:  # fmt: skip
    strata = ((size_north, deviation_north), (size_middle, deviation_middle), (size_south, deviation_south))
    return sum((size / population) ** 2 * deviation**2 / sample for size, deviation in strata)


def standard_error(variance: float, sample: int, population: float) -> float:
    return math.sqrt(variance * (1 - 3 * sample / population))


def upper_limit(mean: float, standard_error: float) -> float:
    return mean + 1.959964 * standard_error


def upper_total(upper_limit: float, population: float, response_share: float) -> float:
    return upper_limit * population * response_share / 100


def check(given: Values) -> Values:
    """The same by fractions."""
    from fractions import Fraction

    places, sample = ("north", "middle", "south"), given["sample"]
    sizes, means, spreads = (
        [Fraction(str(given[f"{kind}_{one}"])) for one in places] for kind in ("size", "mean", "deviation")
    )
    whole = sum(sizes)
    centre = sum(size * one for size, one in zip(sizes, means, strict=True)) / whole
    spread = sum((size * one) ** 2 for size, one in zip(sizes, spreads, strict=True)) / (whole**2 * sample)
    error = math.sqrt(spread - spread * 3 * sample / whole)
    upper = float(centre) + 1.959964 * error
    return {
        "population": float(whole), "mean": float(centre), "variance": float(spread), "standard_error": error,
        "upper_limit": upper, "upper_total": float(whole) * given["response_share"] * upper / 100,
    }  # fmt: skip


STEPS = (population, mean, variance, standard_error, upper_limit, upper_total)
