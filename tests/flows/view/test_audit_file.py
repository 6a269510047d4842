"""The audit's form writes the file that `factory refine audit` draws and reads."""

from datetime import date
from pathlib import Path

import pytest

from flows.refine.audit import draw_sample, read_labels
from flows.refine.decide import run_refine
from flows.settings import Settings
from flows.view.audit_file import AuditFile, AuditFileError
from tests.doubles.lakes.small_lake import make_small_lake, write_records
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 11, 20)


@pytest.mark.slow
def test_answers_of_the_form_are_read_back_as_labels(tmp_path: Path) -> None:
    """An hour of a person's answers must not end in a file that the command refuses."""
    settings = Settings(home=tmp_path)
    write_records(Lake(settings.lake), DAY, make_small_lake(DAY, n_tasks=3))
    run_refine(settings, DAY, silent)
    path = tmp_path / "audit.csv"
    with connect(Lake(settings.lake)) as con:
        draw_sample(con, settings, 4, 0, path)
        form = AuditFile(path)
        ids = [row["trajectory_id"] for row in form.rows()]
        form.answer(ids[0], "yes", " a\nnote, 'quoted' ")
        form.answer(ids[1], "no", "")
        form.answer(ids[1], "", "")
        assert read_labels(con, Lake(settings.lake), settings, path) == (1, 3)
        assert con.execute("select distinct is_correct, note from audits").fetchall() == [(True, "a note, 'quoted'")]


def test_a_wrong_file_or_answer_is_refused_and_the_file_stays(tmp_path: Path) -> None:
    with pytest.raises(AuditFileError, match="cannot be read"):
        AuditFile(tmp_path / "missing.csv")
    path = tmp_path / "audit.csv"
    path.write_text("trajectory_id;question\nx;y\n")
    with pytest.raises(AuditFileError, match="no column answer"):
        AuditFile(path)
    path.write_text("trajectory_id;question;truth;answer;is_correct;note\nx;q;t;a;;\n")
    before = path.read_bytes()
    for id, answer in (("x", "maybe"), ("z", "yes")):
        with pytest.raises(AuditFileError):
            AuditFile(path).answer(id, answer, "")
    assert path.read_bytes() == before
