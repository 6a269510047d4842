"""Families of generated problems: each draws data by seed, and knows a script that solves them."""

from collections.abc import Callable

from flows.domains.ml_engineering.families.images import IMAGES
from flows.domains.ml_engineering.families.problem import Drawn
from flows.domains.ml_engineering.families.tables import TABLES
from flows.domains.ml_engineering.families.text import TEXTS
from flows.domains.ml_engineering.families.time import TIMES

FAMILIES: dict[str, Callable[[int], Drawn]] = {**TABLES, **TIMES, **TEXTS, **IMAGES}
"""Name -> draws the problem of a seed."""

__all__ = ["FAMILIES", "Drawn"]
