"""A chain of two decays; the second way is the exponential of its matrix by scipy."""

import math

from flows.domains.science.topics.topic import Values


def parent_rate(parent_half_life: float) -> float:
    return math.log(2) / (parent_half_life * 3600)


def daughter_rate(daughter_half_life: float) -> float:
    return math.log(2) / (daughter_half_life * 3600)


def parent_nuclei(parent_activity: float, parent_rate: float) -> float:
    return parent_activity / parent_rate


def parent_left(parent_nuclei: float, parent_rate: float, waiting_time: float) -> float:
    return parent_nuclei * math.exp(-parent_rate * waiting_time)


def daughter_present(parent_nuclei: float, parent_rate: float, daughter_rate: float, waiting_time: float) -> float:
    difference = math.exp(-parent_rate * waiting_time) - math.exp(-daughter_rate * waiting_time)
    return parent_nuclei * parent_rate / (daughter_rate - parent_rate) * difference


def daughter_activity(daughter_present: float, daughter_rate: float) -> float:
    return daughter_present * daughter_rate


def count_rate(parent_left: float, parent_rate: float, daughter_activity: float, detector_yield: float) -> float:
    return (parent_left * parent_rate + daughter_activity) * detector_yield / 100


def check(given: Values) -> Values:
    """The same by the matrix of the chain."""
    import numpy as np
    from scipy.linalg import expm

    rates = [0.6931471805599453 / given[name] / 3600 for name in ("parent_half_life", "daughter_half_life")]
    chain = np.array([[-rates[0], 0.0], [rates[0], -rates[1]]])
    begun = given["parent_activity"] / rates[0]
    left, grown = expm(chain * given["waiting_time"]) @ np.array([begun, 0.0])
    return {
        "parent_rate": rates[0], "daughter_rate": rates[1], "parent_nuclei": begun, "parent_left": float(left),
        "daughter_present": float(grown), "daughter_activity": float(grown) * rates[1],
        "count_rate": float(np.array([left, grown]) @ np.array(rates)) * given["detector_yield"] / 100,
    }  # fmt: skip


STEPS = (parent_rate, daughter_rate, parent_nuclei, parent_left, daughter_present, daughter_activity, count_rate)
