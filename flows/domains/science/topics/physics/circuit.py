"""A coil, a capacitor and a resistor in series; the second way works with complex impedances."""

import cmath
import math

from flows.domains.science.topics.topic import Values


def coil_reactance(inductance: float, frequency: float) -> float:
    return 2 * math.pi * frequency * inductance


def capacitor_reactance(capacitance: float, frequency: float) -> float:
    return 1 / (2 * math.pi * frequency * capacitance)


def impedance(resistance: float, coil_reactance: float, capacitor_reactance: float) -> float:
    return math.hypot(resistance, coil_reactance - capacitor_reactance)


def effective_current(source_voltage: float, impedance: float) -> float:
    return source_voltage / impedance


def phase(coil_reactance: float, capacitor_reactance: float, resistance: float) -> float:
    return math.degrees(math.atan2(coil_reactance - capacitor_reactance, resistance))


def resonance(inductance: float, capacitance: float) -> float:
    return 1 / (2 * math.pi * math.sqrt(inductance * capacitance))


def power(effective_current: float, resistance: float) -> float:
    return effective_current**2 * resistance


def check(given: Values) -> Values:
    """The same with complex numbers."""
    turns = 2j * cmath.pi * given["frequency"]
    coil, capacitor = turns * given["inductance"], 1 / (turns * given["capacitance"])
    whole = given["resistance"] + coil + capacitor
    flow = given["source_voltage"] / whole
    return {
        "coil_reactance": abs(coil), "capacitor_reactance": abs(capacitor), "impedance": abs(whole),
        "effective_current": abs(flow), "phase": cmath.phase(whole) * 180 / cmath.pi,
        "resonance": (given["inductance"] * given["capacitance"]) ** -0.5 / 2 / cmath.pi,
        "power": (given["source_voltage"] * flow.conjugate()).real,
    }  # fmt: skip


STEPS = (coil_reactance, capacitor_reactance, impedance, effective_current, phase, resonance, power)
