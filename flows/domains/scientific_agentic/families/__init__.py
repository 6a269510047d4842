"""Families of generated data: each plants values in it, and knows the part of a script that finds them."""

import tomllib
from importlib.resources import files

from flows.domains.scientific_agentic.families import samples, signals
from flows.domains.scientific_agentic.families.family import Family, Result

MAKERS = {
    "spectrum": signals.spectrum, "decay": signals.decay, "oscillation": signals.oscillation,
    "transit": signals.transit, "growth": signals.growth, "temperatures": signals.temperatures,
    "doses": samples.doses, "image": samples.image, "survey": samples.survey, "sequences": samples.sequences,
    "molecules": samples.molecules, "stations": samples.stations,
}  # fmt: skip
TABLES = tomllib.loads(files(__package__).joinpath("families.toml").read_text("utf-8"))


def _family(name: str) -> Family:
    table = TABLES[name]
    results = [Result(**one) for one in table["results"]]
    return Family(name, table["field"], table["story"], table["files"], results, MAKERS[name])


FAMILIES = {name: _family(name) for name in MAKERS}
"""By name."""

__all__ = ["FAMILIES", "Family"]
