"""Procedures by name."""

from flows.domains.science.literature.procedures.one_number import ONE_NUMBER
from flows.domains.science.literature.procedures.procedure import Procedure
from flows.domains.science.literature.procedures.two_numbers import TWO_NUMBERS

PROCEDURES = {one.name: one for one in (*ONE_NUMBER, *TWO_NUMBERS)}

__all__ = ["PROCEDURES", "Procedure"]
