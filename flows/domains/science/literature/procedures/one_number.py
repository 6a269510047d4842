"""Procedures over one number of each page: a limit, a power mean, a saturation, a diversity, a decay since years."""

import math
import statistics

from flows.domains.science.literature.procedures.procedure import Numbers, Procedure


def limit(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    """The values that reach a multiple of the mean, and how far they exceed it."""
    bound = factor * sum(x) / len(x)
    above = [one for one in x if one >= bound]
    if not 2 <= len(above) <= len(x) - 2 or any(abs(one - bound) < 0.001 * bound for one in x):
        raise ValueError("the limit selects nearly all or none, or a value is as good as at it")
    excess = sum(above) / len(above) - bound
    return {"limit": bound, "excess": excess, "ratio": excess / bound}


def _limit(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    bound = math.fsum(factor * one for one in x) / len(x)
    excess = statistics.fmean(one - bound for one in x if one / bound >= 1)
    return {"limit": bound, "excess": excess, "ratio": statistics.fmean(one / bound for one in x if one >= bound) - 1}


def power(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    """The power mean whose order is the factor."""
    mean = (sum(one**factor for one in x) / len(x)) ** (1 / factor)
    return {"power_mean": mean, "ratio": mean / (sum(x) / len(x))}


def _power(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    logs = [factor * math.log(one) for one in x]
    most = max(logs)
    mean = math.exp((most + math.log(statistics.fmean(math.exp(one - most) for one in logs))) / factor)
    return {"power_mean": mean, "ratio": mean / statistics.fmean(x)}


def saturation(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    """The mean saturation, as of a receptor, with half saturation at a multiple of the mean."""
    half = factor * sum(x) / len(x)
    return {"half": half, "saturation": sum(one / (one + half) for one in x) / len(x)}


def _saturation(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    half = math.fsum(x) * factor / len(x)
    return {"half": half, "saturation": 1 - statistics.fmean(1 / (1 + one / half) for one in x)}


def diversity(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    """The effective number of shares (Hill number) whose order is the factor."""
    if abs(factor - 1) < 0.05:
        raise ValueError("the number of order 1 is defined otherwise")
    total = sum(x)
    number = sum((one / total) ** factor for one in x) ** (1 / (1 - factor))
    return {"total": total, "number": number, "evenness": number / len(x)}


def _diversity(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    total = math.fsum(x)
    entropy = math.log(math.fsum(math.exp(factor * math.log(one / total)) for one in x)) / (1 - factor)
    return {"total": total, "number": math.exp(entropy), "evenness": math.exp(entropy - math.log(len(x)))}


def decay(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    """The mean part that remains of a decay which begins in each of the years, and is looked at in the latest."""
    constant = factor * (max(x) - min(x))
    if len(set(x)) < 4 or max(x) - min(x) < 5:
        raise ValueError("the years are nearly equal")
    return {"constant": constant, "remaining": sum(math.exp((one - max(x)) / constant) for one in x) / len(x)}


def _decay(factor: float, x: Numbers, y: Numbers) -> dict[str, float]:
    first, *_, last = sorted(x)
    kept = math.exp(-1 / (factor * (last - first)))
    return {"constant": -1 / math.log(kept), "remaining": statistics.fmean(kept ** (last - one) for one in x)}


ONE_NUMBER = (
    Procedure("limit", {"limit": "x", "excess": "x", "ratio": ""}, limit, _limit, "excess"),
    Procedure("power", {"power_mean": "x", "ratio": ""}, power, _power, "power_mean"),
    Procedure("saturation", {"half": "x", "saturation": ""}, saturation, _saturation),
    Procedure("diversity", {"total": "x", "number": "", "evenness": ""}, diversity, _diversity),
    Procedure("decay", {"constant": "", "remaining": ""}, decay, _decay, takes_years=True),
)
