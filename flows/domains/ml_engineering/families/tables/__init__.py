"""Families of tables: one row per case, with a law that raw columns do not show."""

from flows.domains.ml_engineering.families.tables.annotators import annotators
from flows.domains.ml_engineering.families.tables.codes import codes
from flows.domains.ml_engineering.families.tables.devices import devices
from flows.domains.ml_engineering.families.tables.leakage import leakage
from flows.domains.ml_engineering.families.tables.products import products
from flows.domains.ml_engineering.families.tables.ranking import ranking
from flows.domains.ml_engineering.families.tables.units import units

TABLES = {
    "leakage": leakage,
    "annotators": annotators,
    "codes": codes,
    "devices": devices,
    "products": products,
    "ranking": ranking,
    "units": units,
}

__all__ = ["TABLES"]
