"""Families of texts: short documents of a grammar with words drawn by seed."""

from flows.domains.ml_engineering.families.text.invoices import invoices
from flows.domains.ml_engineering.families.text.negation import negation

TEXTS = {"invoices": invoices, "negation": negation}

__all__ = ["TEXTS"]
