"""A user's gate with a fault in its SQL is named in one line, with the remedy, instead of a DuckDB traceback."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

import warehouse
from flows.refine.gates.candidates import make_candidates
from flows.refine.gates.gates import Gate, RefineError, make_answers, run_gates
from tests.doubles.lakes.small_lake import write_small_lake
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

GOOD = "select trajectory_id, true as keep, 'ok' as reason, null as value from candidates"


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    lake = Lake(tmp_path_factory.mktemp("own") / "lake")
    write_small_lake(lake, date(2026, 11, 20), n_tasks=1, samples=2)
    with connect(lake) as opened:
        make_candidates(opened)
        make_answers(opened)
        yield opened


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (GOOD.replace("select", "selec"), "Parser Error: syntax error"),
        (GOOD.replace("true as keep", "foo as keep"), 'column "foo"'),
        (GOOD.replace(", 'ok' as reason", ""), 'column "reason"'),
        (GOOD.replace("true as keep", "'maybe' as keep"), "Conversion Error: Could not convert string 'maybe'"),
        (GOOD.replace("null as value", "'high' as value"), "Conversion Error: Could not convert string 'high'"),
        (GOOD.replace("true as keep", "n_tool_calls > $my_calls as keep"), r"no setting is called \$my_calls"),
        (f"{GOOD}; {GOOD}", "it must be one statement"),
    ],
)
def test_a_gate_that_fails_is_named(text: str, cause: str, con: duckdb.DuckDBPyConnection) -> None:
    """One line names the file to open, among twenty gates."""
    with pytest.raises(RefineError, match=f"gate mine: .*{cause}[^\n]*; correct its SQL"):
        run_gates(con, [Gate("mine", 35, text, decides=True)], {"min_calls": 1}, silent)


def test_two_gates_with_the_same_name_are_refused(tmp_path: Path) -> None:
    """A decision with two answers under one name could not show which gate refused the row."""
    copied = tmp_path / "warehouse"
    shutil.copytree(Path(str(warehouse.__file__)).parent, copied)
    for number in (35, 36):
        (copied / "sql" / "gates" / f"{number}_mine.sql").write_text(GOOD)
    code = (
        "from flows.refine.gates.gates import load_gates; from flows.settings import Settings; load_gates(Settings())"
    )
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parents[4])])
    env = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert "RefineError: sql/gates: two files are called mine" in ended.stderr
