"""A planet in front of its star; the second way uses astropy's units and constants."""

import math

from flows.domains.science.topics.topic import Values


def semi_major_axis(star_mass: float, period: float) -> float:
    return float((1.32712440018e20 * star_mass * (period * 86400) ** 2 / (4 * math.pi**2)) ** (1 / 3))


def orbital_speed(semi_major_axis: float, period: float) -> float:
    return 2 * math.pi * semi_major_axis / (period * 86400)


def transit_depth(planet_radius: float, star_radius: float) -> float:
    return (planet_radius * 6.3781e6 / (star_radius * 6.957e8)) ** 2 * 1e6


def transit_duration(star_radius: float, orbital_speed: float) -> float:
    return 2 * star_radius * 6.957e8 / orbital_speed / 3600


def received_flux(star_luminosity: float, semi_major_axis: float) -> float:
    return star_luminosity * 3.828e26 / (4 * math.pi * semi_major_axis**2)


def planet_temperature(received_flux: float, albedo: float) -> float:
    return float((received_flux * (1 - albedo) / (4 * 5.670374419e-8)) ** 0.25)


def planet_heat(planet_temperature: float, planet_radius: float) -> float:
    return 4 * math.pi * (planet_radius * 6.3781e6) ** 2 * 5.670374419e-8 * planet_temperature**4


def check(given: Values) -> Values:
    """The same with astropy."""
    from astropy import constants, units

    period = given["period"] * units.day
    axis = (constants.GM_sun * given["star_mass"] * (period / (2 * math.pi)) ** 2) ** (1 / 3)
    speed = (constants.GM_sun * given["star_mass"] / axis) ** 0.5
    radius = given["star_radius"] * constants.R_sun
    ratio = (given["planet_radius"] * constants.R_earth / radius).decompose().value
    flux = given["star_luminosity"] * constants.L_sun / (4 * math.pi * axis**2)
    absorbed = flux * (1 - given["albedo"]) / 4
    return {
        "semi_major_axis": axis.to(units.m).value, "orbital_speed": speed.to(units.m / units.s).value,
        "transit_depth": 1e6 * ratio**2, "transit_duration": (2 * radius / speed).to(units.hour).value,
        "received_flux": flux.to(units.W / units.m**2).value,
        "planet_heat": (absorbed * 4 * math.pi * (given["planet_radius"] * constants.R_earth) ** 2).to(units.W).value,
        "planet_temperature": ((absorbed / constants.sigma_sb) ** 0.25).to(units.K).value,
    }  # fmt: skip


STEPS = (
    semi_major_axis,
    orbital_speed,
    transit_depth,
    transit_duration,
    received_flux,
    planet_temperature,
    planet_heat,
)
