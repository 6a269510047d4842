"""A galvanic cell away from standard conditions; the second way goes by Gibbs energies with units that pint carries."""

import math

from flows.domains.science.topics.topic import Values


def standard_voltage(cathode_potential: float, anode_potential: float) -> float:
    return cathode_potential - anode_potential


def quotient(anode_concentration: float, cathode_concentration: float) -> float:
    return anode_concentration / cathode_concentration


def thermal_voltage(cell_temperature: float) -> float:
    return 8.314462618 * cell_temperature / (2 * 96485.33212)


def voltage(standard_voltage: float, thermal_voltage: float, quotient: float) -> float:
    return standard_voltage - thermal_voltage * math.log(quotient)


def current(voltage: float, inner_resistance: float, load_resistance: float) -> float:
    return voltage / (inner_resistance + load_resistance)


def energy(current: float, load_resistance: float, run_time: float) -> float:
    return current**2 * load_resistance * run_time


def check(given: Values) -> Values:
    """The same from Gibbs energies."""
    from flows.domains.science.topics.units import quantity

    charge = 2 * quantity(96485.33212, "C/mol")
    thermal = quantity(8.314462618, "J/mol/K") * quantity(given["cell_temperature"], "K")
    standard = -charge * quantity(given["cathode_potential"] - given["anode_potential"], "V")
    logs = math.log(given["anode_concentration"]) - math.log(given["cathode_concentration"])
    cell = (-(standard + thermal * logs) / charge).to("V")
    ohms = quantity(given["inner_resistance"] + given["load_resistance"], "ohm")
    share = given["load_resistance"] / (given["inner_resistance"] + given["load_resistance"])
    used = (cell**2 / ohms * share * quantity(given["run_time"], "s")).to("J")
    return {
        "standard_voltage": (-standard / charge).to("V").magnitude, "quotient": math.exp(logs),
        "thermal_voltage": (thermal / charge).to("V").magnitude, "voltage": cell.magnitude,
        "current": (cell / ohms).to("A").magnitude, "energy": used.magnitude,
    }  # fmt: skip


STEPS = (standard_voltage, quotient, thermal_voltage, voltage, current, energy)
