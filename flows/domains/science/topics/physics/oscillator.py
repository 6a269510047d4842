"""A particle in a potential with two wells, with its force as an expression; the second way is sympy's calculus."""

import math

from flows.domains.science.topics.topic import Values


def force(quartic: float, quadratic: float) -> str:
    return f"{quadratic}*x - {quartic}*x**3"


def well_position(quartic: float, quadratic: float) -> float:
    return math.sqrt(quadratic / quartic)


def barrier(quartic: float, quadratic: float) -> float:
    return quadratic**2 / (4 * quartic)


def stiffness(quartic: float, quadratic: float, well_position: float) -> float:
    return 3 * quartic * well_position**2 - quadratic


def small_frequency(stiffness: float, mass: float) -> float:
    return math.sqrt(stiffness / mass) / (2 * math.pi)


def escape_speed(barrier: float, mass: float) -> float:
    return math.sqrt(2 * barrier / mass)


def escape_momentum(escape_speed: float, mass: float) -> float:
    return escape_speed * mass


def check(given: Values) -> Values:
    """The same by derivatives of the potential."""
    import numpy as np
    import sympy

    x = sympy.Symbol("x")
    potential = given["quartic"] * x**4 / 4 - given["quadratic"] * x**2 / 2
    push, bend = -sympy.diff(potential, x), sympy.diff(potential, x, 2)
    well = float(max(np.roots([float(one) for one in sympy.Poly(push, x).all_coeffs()]).real))
    depth, stiff = -float(potential.subs(x, well)), float(bend.subs(x, well))
    turns = (stiff / given["mass"]) ** 0.5 / (2 * float(sympy.pi))
    speed = (2 * depth / given["mass"]) ** 0.5
    return {
        "force": str(push), "well_position": well, "barrier": depth, "stiffness": stiff, "small_frequency": turns,
        "escape_speed": speed, "escape_momentum": (2 * depth * given["mass"]) ** 0.5,
    }  # fmt: skip


STEPS = (force, well_position, barrier, stiffness, small_frequency, escape_speed, escape_momentum)
