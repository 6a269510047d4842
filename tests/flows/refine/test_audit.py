"""Reports on decisions: the gates' answers on one row, the effect of each gate, and the error rates of verifiers."""

import csv
import math
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from flows.publish.release import run_publish
from flows.refine.audit import AuditError, draw_sample, error_rates, read_labels
from flows.refine.decide import run_refine
from flows.refine.gates.ablate import AblateError, ablate
from flows.refine.gates.explain import ExplainError, explain
from flows.settings import Publish, Refine, Settings
from tests.doubles.lakes.small_lake import Kind, SmallLake, make_small_lake, write_records
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.damage_boundary import LakeConnection
from warehouse.lake import Lake

DAY = date(2026, 11, 20)
KINDS: dict[tuple[int, int], Kind] = {(0, 0): "wrong", (1, 0): "no_calls", (2, 0): "loop", (3, 0): "aborted"}


def home_of(path: Path, made: SmallLake, **refine: object) -> Settings:
    settings = Settings(home=path, refine=Refine.model_validate(refine), publish=Publish(to=str(path / "release")))
    write_records(Lake(settings.lake), DAY, made)
    run_refine(settings, DAY, silent)
    return settings


def text_of(table: Table) -> str:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def reader(settings: Settings) -> LakeConnection:
    return connect(Lake(settings.lake))


@pytest.fixture(scope="module")
def of_kinds(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A refined home of attempts of several kinds, which tests only read."""
    return home_of(tmp_path_factory.mktemp("home"), make_small_lake(DAY, kinds=KINDS))


@pytest.fixture(scope="module")
def of_one_task(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A refined home of one task, which tests only read."""
    return home_of(tmp_path_factory.mktemp("home"), make_small_lake(DAY, n_tasks=1))


def test_a_refusal_is_explained_by_the_start_of_its_id(of_kinds: Settings) -> None:
    made = make_small_lake(DAY, kinds=KINDS)
    (wrong,) = made.of_kind("wrong")
    with reader(of_kinds) as con:
        text = text_of(explain(con, wrong[:12]))
    assert "rejected" in text
    assert "outcome:wrong_answer" in text
    assert "structure" in text


@pytest.mark.parametrize("id", ["", "zz", "aborted"])
def test_explain_needs_a_decision(id: str, of_kinds: Settings) -> None:
    made = make_small_lake(DAY, kinds=KINDS)
    with reader(of_kinds) as con, pytest.raises(ExplainError, match="no decision"):
        explain(con, next(iter(made.of_kind("aborted"))) if id == "aborted" else id)


@pytest.mark.slow
def test_an_ambiguous_start_is_refused_with_examples(tmp_path: Path) -> None:
    made = make_small_lake(DAY, n_tasks=20)
    starts = Counter(row.trajectory_id[0] for row in made.trajectories)
    with reader(home_of(tmp_path, made)) as con, pytest.raises(ExplainError, match="write more"):
        explain(con, starts.most_common(1)[0][0])


@pytest.mark.slow
def test_ablation_agrees_with_a_refine_that_leaves_the_gate_out(tmp_path: Path) -> None:
    """The table must show the numbers that a refine without the gate gives."""
    made = make_small_lake(DAY, kinds=KINDS, domains=("search", "code"))
    with reader(home_of(tmp_path / "all", made)) as con:
        rows = con.execute(
            "select gate, removed_alone, kept_without, removed_alone_tokens from ablation where domain = 'all'"
        ).fetchall()
        assert "Without each gate" in text_of(ablate(con))
    assert {gate: alone for gate, alone, *_ in rows if alone} == {"outcome": 1, "loop": 1}
    for gate, alone, kept, tokens in rows:
        if gate not in ("outcome", "loop", "structure"):
            continue
        with reader(home_of(tmp_path / gate, made, advisory_gates=[gate])) as con:
            assert con.execute("select count(*) from decisions where kept").fetchall() == [(kept,)]
            off = con.execute(
                "select decides, would_remove, would_remove_tokens from ablation where domain = 'all' and gate = $1",
                [gate],
            ).fetchall()
        assert off == [(not alone, alone, tokens)]


def test_ablation_without_decisions_names_the_command_to_run(tmp_path: Path) -> None:
    """An empty table would look as if no gate refused anything."""
    with reader(Settings(home=tmp_path)) as con, pytest.raises(AblateError, match="factory refine"):
        ablate(con)


def filled(path: Path, right: dict[str, str]) -> Path:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row | {"is_correct": right[row["trajectory_id"]]} for row in rows)
    return path


@pytest.mark.slow
def test_an_audit_gives_each_verifier_its_error_rate_and_the_card_carries_it(tmp_path: Path) -> None:
    """A release with unchecked verifiers must not look like one with verifiers known to be wrong."""
    made = make_small_lake(DAY, n_tasks=30, kinds={(n, 0): "wrong" for n in range(10)})
    settings, lake, file = home_of(tmp_path, made), Lake(tmp_path / "lake"), tmp_path / "a.csv"
    with reader(settings) as con:
        assert draw_sample(con, settings, 20, 7, file) == 20
    with file.open(encoding="utf-8", newline="") as lines:
        drawn = [row["trajectory_id"] for row in csv.DictReader(lines)]
    wrong = made.of_kind("wrong")
    assert sum(id in wrong for id in drawn) == 10, "equally many of each verdict"
    passed = [id for id in drawn if id not in wrong]
    filled(file, {id: "no" if id in wrong or id in passed[:2] else "Yes" for id in drawn})
    with reader(settings) as con:
        assert read_labels(con, lake, settings, file) == (20, 0)
        assert read_labels(con, lake, settings, file) == (20, 0)
        rows = con.execute(
            "select verifier, checked, false_passes, false_failures, error_rate, low, high from verifier_errors"
        ).fetchall()
        assert "How often" in text_of(error_rates(con))
    assert [row[:4] for row in rows] == [("contains_answer", 20, 2, 0), ("exact_match", 20, 2, 0)]
    assert rows[0][4] == pytest.approx(50 / 60 * 2 / 10), "strata have their weights in the lake"
    assert 0 < rows[0][5] < rows[0][4] < rows[0][6] < 1
    run_publish(settings, DAY, silent)
    assert "Error rates of the verifiers" in (tmp_path / "release" / "latest" / "README.md").read_text()


@pytest.mark.slow
def test_the_interval_of_one_stratum_is_wilsons(tmp_path: Path) -> None:
    made = make_small_lake(DAY, n_tasks=5)
    settings, file = home_of(tmp_path, made), tmp_path / "a.csv"
    with reader(settings) as con:
        draw_sample(con, settings, 10, 0, file)
        filled(file, {row.trajectory_id: "n" if place < 3 else "y" for place, row in enumerate(made.trajectories)})
        read_labels(con, Lake(settings.lake), settings, file)
        low, high = con.execute("select low, high from verifier_errors").fetchall()[0]
    z, n, p = 1.959964, 10, 0.3
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert (low, high) == pytest.approx(
        ((p + z * z / 20 - half) / (1 + z * z / n), (p + z * z / 20 + half) / (1 + z * z / n))
    )


@pytest.mark.slow
def test_a_sample_is_repeatable_blind_harmless_and_never_overwrites(tmp_path: Path) -> None:
    """The file must neither bias the person nor run code in a spreadsheet, and labels are never overwritten."""
    made = make_small_lake(DAY, n_tasks=10)
    made.trajectories[:] = [row.model_copy(update={"answer": '=HYPERLINK("http://x")'}) for row in made.trajectories]
    settings = home_of(tmp_path, made)
    texts = []
    with reader(settings) as con:
        for seed, name in ((1, "a"), (1, "b"), (2, "c")):
            draw_sample(con, settings, 5, seed, tmp_path / name)
            texts.append((tmp_path / name).read_text())
        with pytest.raises(AuditError, match="already exists"):
            draw_sample(con, settings, 5, 1, tmp_path / "a")
    assert texts[0] == texts[1] != texts[2]
    assert ",=HYP" not in texts[0] and ',"=HYP' not in texts[0]
    assert "passed" not in texts[0] and "exact_match" not in texts[0]


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_file_saved_by_a_spreadsheet_is_read(delimiter: str, tmp_path: Path) -> None:
    """In many countries a spreadsheet writes `;`: an hour of labelling must not be lost to it."""
    made = make_small_lake(DAY, n_tasks=3, samples=1)
    settings, file = home_of(tmp_path, made), tmp_path / "a.csv"
    with reader(settings) as con:
        draw_sample(con, settings, 5, 0, file)
        filled(file, {row.trajectory_id: "no" for row in made.trajectories})
        rows = list(csv.reader(file.read_text("utf-8").splitlines(keepends=True)))
        with file.open("w", encoding="utf-8-sig", newline="") as again:
            csv.writer(again, delimiter=delimiter).writerows(rows)
        assert read_labels(con, Lake(settings.lake), settings, file) == (3, 0)


def test_a_path_that_cannot_be_written_is_named(of_one_task: Settings, tmp_path: Path) -> None:
    """A mistyped folder gives a message that names it, not a traceback."""
    with reader(of_one_task) as con, pytest.raises(AuditError, match=r"no/dir/a\.csv cannot be written .*--out"):
        draw_sample(con, of_one_task, 5, 0, tmp_path / "no" / "dir" / "a.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trajectory_id,is_correct\nx,maybe\n", "yes or no"),
        ("trajectory_id,is_correct\nx,yes\nx,no\n", "twice"),
        ("trajectory_id,is_correct\nx,yes\n", "must stay as they were drawn"),
        ("trajectory_id,is_correct\nx,\n", "no row is filled in"),
        ("a,b\n1,2\n", "no column"),
        ("", "no column"),
    ],
)
def test_an_invalid_file_is_refused_with_the_place(
    text: str, message: str, of_one_task: Settings, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text(text)
    with reader(of_one_task) as con, pytest.raises(AuditError, match=message):
        read_labels(con, Lake(of_one_task.lake), of_one_task, tmp_path / "a.csv")
