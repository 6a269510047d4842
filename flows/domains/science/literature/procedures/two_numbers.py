"""Procedures over two numbers of each page: a power law that is fitted, the nearest page, a weighted mean."""

import math
import statistics

from flows.domains.science.literature.procedures.procedure import Numbers, Procedure


def fit(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    """A power law by least squares of the logarithms, and its value at a multiple of the geometric mean of x."""
    u, v = [math.log(one) for one in x], [math.log(one) for one in y]
    mean_u, mean_v = sum(u) / len(u), sum(v) / len(v)
    spread = sum((one - mean_u) ** 2 for one in u)
    if spread < 1e-6:
        raise ValueError("all x are equal")
    exponent = sum((one - mean_u) * (other - mean_v) for one, other in zip(u, v, strict=True)) / spread
    prediction = math.exp(mean_v + exponent * math.log(factor))
    return {"exponent": exponent, "prediction": prediction, "ratio": prediction / (sum(y) / len(y))}


def _fit(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    u, v = [math.log10(one) for one in x], [math.log10(one) for one in y]
    slope, intercept = statistics.linear_regression(u, v)
    prediction = 10 ** (slope * math.log10(factor * statistics.geometric_mean(x)) + intercept)
    return {"exponent": slope, "prediction": prediction, "ratio": prediction / statistics.fmean(y)}


def nearest(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    """The page whose x is nearest to a multiple of the mean, and its y in proportion to that."""
    target = factor * sum(x) / len(x)
    (near, at), (second, _) = sorted((abs(one - target), at) for at, one in enumerate(x))[:2]
    if second - near < 0.001 * target:
        raise ValueError("two pages are nearly as near")
    estimate = y[at] * target / x[at]
    return {"target": target, "estimate": estimate, "ratio": estimate / (sum(y) / len(y))}


def _nearest(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    target = factor * statistics.fmean(x)
    own, other = min(zip(x, y, strict=True), key=lambda pair: (pair[0] - target) ** 2)
    estimate = other / own * target
    return {"target": target, "estimate": estimate, "ratio": estimate * len(y) / math.fsum(y)}


def weighted(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    """The mean of y with powers of x as weights."""
    weights = [one**factor for one in x]
    mean = sum(weight * one for weight, one in zip(weights, y, strict=True)) / sum(weights)
    return {"weighted_mean": mean, "ratio": mean / (sum(y) / len(y))}


def _weighted(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    weights = [math.exp(factor * math.log(one / max(x))) for one in x]
    mean = statistics.fmean(y, weights)
    return {"weighted_mean": mean, "ratio": mean / statistics.fmean(y)}


TWO_NUMBERS = (
    Procedure("fit", {"exponent": "", "prediction": "y", "ratio": ""}, fit, _fit, "prediction", n_numbers=2),
    Procedure("nearest", {"target": "x", "estimate": "y", "ratio": ""}, nearest, _nearest, "estimate", n_numbers=2),
    Procedure("weighted", {"weighted_mean": "y", "ratio": ""}, weighted, _weighted, "weighted_mean", n_numbers=2),
)
