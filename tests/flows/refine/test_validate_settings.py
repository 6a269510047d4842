"""Invalid settings of refine are refused before the night starts."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from flows.refine.validate_settings import validate_settings
from flows.settings import Settings, SettingsError
from tests.doubles.lakes.small_lake import make_small_lake, write_records
from warehouse.lake import Lake

DAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("refine", "message"),
    [
        ({"advisory_gates": ["lop"]}, r"refine\.advisory_gates = \['lop'\].* loop,"),
        ({"allowed_sensitive_data": ["e-mail"]}, r"refine\.allowed_sensitive_data = \['e-mail'\].* email,"),
        ({"process_verifiers": ["evidence"]}, r"refine\.process_verifiers = \['evidence'\].* evidence_consulted,"),
        ({"benchmarks": [{"path": "no.jsonl", "columns": ["q"]}]}, r"refine\.benchmarks: .*no\.jsonl"),
        ({"benchmarks": [{"path": "b.jsonl", "columns": ["quesion", "answer"]}]}, r"no row has a text in quesion"),
    ],
)
def test_invalid_settings_are_refused_before_there_is_a_lake(
    refine: dict[str, Any], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typo must not fail the night after hours of crawl and rollout."""
    monkeypatch.chdir(tmp_path)
    Path("b.jsonl").write_text(json.dumps({"question": "Who wrote it?", "answer": "Ada"}) + "\n")
    with pytest.raises(SettingsError, match=message):
        validate_settings(Settings(home=tmp_path, refine=refine))


def test_valid_settings_pass_also_with_a_verifier_of_an_imported_set(tmp_path: Path) -> None:
    """Imported sets have verifiers of their own, which are known from the lake only."""
    made = make_small_lake(DAY, n_tasks=1, samples=1)
    made.verdicts[:] = [verdict.model_copy(update={"verifier": "source"}) for verdict in made.verdicts[:1]]
    write_records(Lake(tmp_path / "lake"), DAY, made)
    (tmp_path / "b.csv").write_text("question\nWho wrote it?\n")
    benchmarks = [{"path": tmp_path / "b.csv", "columns": ["question"]}]
    refine = {"advisory_gates": ["loop"], "process_verifiers": ["source", "exact_match"], "benchmarks": benchmarks}
    validate_settings(Settings(home=tmp_path, refine=refine))
    assert list((tmp_path / "state" / "benchmarks").glob("*.parquet")), "refine does not read it again"


@pytest.mark.slow
def test_a_night_with_invalid_settings_does_not_start(tmp_path: Path) -> None:
    """`factory run` prints the message before it fetches anything, without a traceback."""
    (tmp_path / "factory.toml").write_text('[refine]\nadvisory_gates = ["lop"]\n')
    factory = Path(sys.executable).with_name("factory")
    refused = subprocess.run([factory, "run"], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert refused.returncode == 1
    assert "factory: refine.advisory_gates = ['lop']" in refused.stderr and "Traceback" not in refused.stderr
    assert not list((tmp_path / "lake").glob("document/date=*"))
