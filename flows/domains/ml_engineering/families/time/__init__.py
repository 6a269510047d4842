"""Families in time: the test lies after the training data."""

from flows.domains.ml_engineering.families.time.events import events
from flows.domains.ml_engineering.families.time.seasons import seasons
from flows.domains.ml_engineering.families.time.series import series

TIMES = {"events": events, "seasons": seasons, "series": series}

__all__ = ["TIMES"]
