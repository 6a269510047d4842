"""The labelled rows are fit to judge gates: valid labels, unique rows of many languages, none refused by an import."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.imports.chunk import ImportOptions
from flows.imports.existing_ids import ExistingIds
from flows.imports.importer import Importer
from tests.flows.refine.gates.labelled.rows import DEFECTS, HALVES, LabelledRow, labelled_rows
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

LANGUAGES = {"en", "de", "fr", "es", "pt", "it", "ja", "zh", "ko", "ru", "ar", "hi", "tr", "pl", "vi"}
MORE_LANGUAGES = {"nl", "cs", "sv", "uk", "id", "th"}
"""Languages of some rows only."""


@pytest.fixture(scope="module")
def rows() -> list[LabelledRow]:
    return [row for half in HALVES for row in labelled_rows(half)]


def test_a_label_names_a_defect_of_the_family(rows: list[LabelledRow]) -> None:
    """A misspelled label would drop out of every count."""
    wrong = [
        row.id
        for row in rows
        if (row.defect is None) == (row.resembles is None)
        or (row.defect or row.resembles) not in DEFECTS[row.family]
        or not (row.language in LANGUAGES | MORE_LANGUAGES and row.why.strip())
    ]
    assert wrong == []


def test_no_row_stands_twice(rows: list[LabelledRow]) -> None:
    """A rule that is tuned on a row must not be judged by it."""
    asked = [next(one["content"] for one in row.row["messages"] if one["role"] == "user") for row in rows]
    assert [text for text, times in Counter(asked).items() if times > 1] == []
    assert len({(row.half, row.id) for row in rows}) == len(rows) >= 400


@pytest.mark.parametrize("half", HALVES)
def test_each_family_has_good_and_bad_rows_in_several_languages(half: str) -> None:
    """Precision needs good rows that resemble the defect; a rule for English alone must not look perfect."""
    found = labelled_rows(half)
    for family in DEFECTS:
        ours = [row for row in found if row.family == family]
        bad = sum(row.defect is not None for row in ours)
        assert 0.35 <= bad / len(ours) <= 0.65, family
        assert len({row.language for row in ours}) >= 8, family
    assert {row.language for row in found} - MORE_LANGUAGES == LANGUAGES


@pytest.mark.parametrize("half", HALVES)
def test_every_row_comes_in_as_messages(tmp_path: Path, half: str) -> None:
    """A row that the import refuses is judged by no gate."""
    found = labelled_rows(half)
    path = tmp_path / f"{half}.jsonl"
    path.write_text("".join(json.dumps(row.row) + "\n" for row in found))
    lake = Lake(tmp_path / "lake")
    with connect(lake) as con:
        known = ExistingIds.of(con, datetime.now(UTC))
    options = ImportOptions("messages", "imported", accepted=True, redact=False)
    counts = Importer(lake, known, []).import_file(path, path.name, options, silent)
    assert (dict(counts.refused), counts.imported) == ({}, len(found))
