"""An earthquake from one station's record; the second way carries units with pint."""

import math

from flows.domains.science.topics.topic import Values


def distance(arrival_gap: float, fast_speed: float, slow_speed: float) -> float:
    return arrival_gap / (1 / slow_speed - 1 / fast_speed)


def travel_time(distance: float, fast_speed: float) -> float:
    return distance / fast_speed


def epicentral_distance(distance: float, depth: float) -> float:
    return math.sqrt(distance**2 - depth**2)


def moment(rigidity: float, fault_area: float, slip: float) -> float:
    return rigidity * fault_area * slip


def magnitude(moment: float) -> float:
    return (math.log10(moment) - 9.1) / 1.5


def shaking(magnitude: float, epicentral_distance: float, attenuation: float) -> float:
    return float(10 ** (0.5 * magnitude - 1.2 * math.log10(epicentral_distance) - attenuation * epicentral_distance))


def check(given: Values) -> Values:
    """The same with quantities."""
    from flows.domains.science.topics.units import quantity

    fast, slow = (quantity(given[name], "km/s") for name in ("fast_speed", "slow_speed"))
    away = quantity(given["arrival_gap"], "s") * fast * slow / (fast - slow)
    level = (away**2 - quantity(given["depth"], "km") ** 2) ** 0.5
    size = quantity(given["rigidity"], "Pa") * quantity(given["fault_area"], "m^2") * quantity(given["slip"], "m")
    grade = (math.log(size.to("N*m").magnitude) / math.log(10) - 9.1) * 2 / 3
    range_km = level.to("km").magnitude
    return {
        "distance": away.to("km").magnitude, "travel_time": (away / fast).to("s").magnitude,
        "epicentral_distance": range_km, "moment": size.to("N*m").magnitude, "magnitude": grade,
        "shaking": math.exp(math.log(10) * (grade / 2 - given["attenuation"] * range_km)) / range_km**1.2,
    }  # fmt: skip


STEPS = (distance, travel_time, epicentral_distance, moment, magnitude, shaking)
