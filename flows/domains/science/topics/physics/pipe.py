"""A liquid pumped through a rough pipe; the second way carries units with pint."""

import math

from flows.domains.science.topics.topic import Values


def velocity(flow: float, diameter: float) -> float:
    return flow / (math.pi * diameter**2 / 4)


def reynolds(density: float, velocity: float, diameter: float, viscosity: float) -> float:
    return density * velocity * diameter / viscosity


def friction(reynolds: float, roughness: float, diameter: float) -> float:
    return 0.25 / math.log10(roughness / (3.7 * diameter) + 5.74 / reynolds**0.9) ** 2


def pressure_drop(friction: float, length: float, diameter: float, density: float, velocity: float) -> float:
    return friction * length / diameter * density * velocity**2 / 2


def head_loss(pressure_drop: float, density: float) -> float:
    return pressure_drop / (density * 9.80665)


def pump_power(pressure_drop: float, flow: float, efficiency: float) -> float:
    return pressure_drop * flow / efficiency


def check(given: Values) -> Values:
    """The same with quantities, and the friction by natural logarithms."""
    from flows.domains.science.topics.units import quantity

    flow, width = quantity(given["flow"], "m^3/s"), quantity(given["diameter"], "m")
    density = quantity(given["density"], "kg/m^3")
    speed = 4 * flow / (math.pi * width * width)
    number = float((speed * width * density / quantity(given["viscosity"], "Pa*s")).to("").magnitude)
    inner = given["roughness"] / given["diameter"] / 3.7 + 5.74 * math.exp(-0.9 * math.log(number))
    factor = (0.5 * math.log(10) / math.log(inner)) ** 2
    drop = (factor * quantity(given["length"], "m") / width * density * speed**2 / 2).to("Pa")
    return {
        "velocity": speed.to("m/s").magnitude, "reynolds": number, "friction": factor, "pressure_drop": drop.magnitude,
        "head_loss": (drop / density / quantity(9.80665, "m/s^2")).to("m").magnitude,
        "pump_power": (drop * flow / given["efficiency"]).to("W").magnitude,
    }  # fmt: skip


STEPS = (velocity, reynolds, friction, pressure_drop, head_loss, pump_power)
