"""Distances in a flat universe; the second way is astropy's cosmology."""

import math

from flows.domains.science.topics.topic import Values


def expansion_rate(redshift: float, hubble_constant: float, matter_share: float) -> float:
    return hubble_constant * math.sqrt(matter_share * (1 + redshift) ** 3 + 1 - matter_share)


def comoving_distance(redshift: float, hubble_constant: float, matter_share: float) -> float:
    n = 400
    nodes = [redshift * one / n for one in range(n + 1)]
    inverse = [1 / math.sqrt(matter_share * (1 + one) ** 3 + 1 - matter_share) for one in nodes]
    whole = inverse[0] + inverse[-1] + 4 * sum(inverse[1:-1:2]) + 2 * sum(inverse[2:-1:2])
    return 299792.458 / hubble_constant * whole * redshift / n / 3


def luminosity_distance(comoving_distance: float, redshift: float) -> float:
    return comoving_distance * (1 + redshift)


def distance_modulus(luminosity_distance: float) -> float:
    return 5 * math.log10(luminosity_distance) + 25


def absolute_magnitude(apparent_magnitude: float, distance_modulus: float) -> float:
    return apparent_magnitude - distance_modulus


def linear_size(comoving_distance: float, redshift: float, angular_size: float) -> float:
    return comoving_distance / (1 + redshift) * angular_size / 206264.806247 * 1000


def check(given: Values) -> Values:
    """The same from astropy."""
    from astropy import units
    from astropy.cosmology import FlatLambdaCDM

    redshift = given["redshift"]
    known = FlatLambdaCDM(H0=given["hubble_constant"], Om0=given["matter_share"], Tcmb0=0)
    angle = (given["angular_size"] * units.arcsec).to(units.rad).value
    across = known.angular_diameter_distance(redshift)
    modulus = 5 * math.log10(across.to(units.pc).value) + 10 * math.log10(1 + redshift) - 5
    return {
        "expansion_rate": given["hubble_constant"] / known.inv_efunc(redshift),
        "comoving_distance": across.value * (1 + redshift), "luminosity_distance": across.value * (1 + redshift) ** 2,
        "distance_modulus": modulus, "absolute_magnitude": given["apparent_magnitude"] - modulus,
        "linear_size": across.to(units.kpc).value * angle,
    }  # fmt: skip


STEPS = (expansion_rate, comoving_distance, luminosity_distance, distance_modulus, absolute_magnitude, linear_size)
