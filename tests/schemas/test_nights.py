"""Nights: two of one day are distinct wherever a day alone would make them one."""

import copy
import pickle
from datetime import date, timedelta

import pytest

from schemas.record import Night, day_of, night_of
from warehouse.lake import PartName


def test_a_run_id_names_one_night() -> None:
    """Two nights under one id share tasks, parts and a frontier: the second one does nothing."""
    first, second, only = (night_of(f"2026-11-28{time}") for time in ("T0200", "T1400", ""))
    assert [str(night) for night in (first, second, only)] == ["2026-11-28T0200", "2026-11-28T1400", "2026-11-28"]
    assert len({first, second, only, date(2026, 11, 28)}) == 3
    assert first not in (second, only, date(2026, 11, 28)) and first == night_of(first.isoformat())
    assert PartName(first, "w", 0) != PartName(second, "w", 0)
    assert first != second and first != only and only != first and not first != night_of(str(first))  # noqa: SIM202
    assert sorted([second, date(2026, 11, 29), first, only]) == [only, first, second, date(2026, 11, 29)]
    assert only < first <= second < date(2026, 11, 29) and second >= first > only
    assert PartName(first, "w", 0).file == "2026-11-28T0200-w-000000.parquet"


def test_the_day_of_a_night_is_a_date() -> None:
    """A partition that is no date cannot be filtered by date."""
    assert day_of(night_of("2026-11-28T0200")) == day_of(date(2026, 11, 28)) == "2026-11-28"


def test_copies_keep_the_time() -> None:
    """A night that loses its time on the way to a worker process writes into another night."""
    night = Night(2026, 11, 28, "0200")
    assert pickle.loads(pickle.dumps(night)) == copy.deepcopy(night) == night
    assert (night + timedelta(days=1)).isoformat() == "2026-11-29"


@pytest.mark.parametrize("text", ["", "2026-11-31", "2026-11-28T2500", "2026-11-28T02:00", "20261128", "2026-11-28 "])
def test_other_texts_are_refused(text: str) -> None:
    """A typo must not become a night of its own."""
    with pytest.raises(ValueError):
        night_of(text)
