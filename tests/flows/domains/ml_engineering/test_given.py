"""Given tables: a user's table becomes tasks whose test rows are apart, and whose setup names no path and no label."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from flows.domains.attempt import Player
from flows.domains.contract import Corpus, Refused
from flows.domains.ml_engineering import DOMAIN
from flows.domains.ml_engineering.composing.given.compose import GIVEN_TABLE, Offer
from flows.domains.ml_engineering.composing.given.parts import split_table
from flows.domains.ml_engineering.composing.given.table import read_table, tables_of
from flows.domains.ml_engineering.world.given import Bundle, read_bundle, write_bundle
from flows.environments.resources import Resources
from flows.settings import Tasks
from flows.settings.tasks import GivenTable
from flows.tasks.rows import hidden_row, task_row
from tests.flows.domains.ml_engineering.worlds import need_sandbox


def written(folder: Path, n: int = 1200) -> GivenTable:
    """Sales whose level is that of one of 300 codes: rates of codes help, codes as numbers do not."""
    dice = random.Random(4)
    level = {f"{dice.randrange(10**6):06d}x": dice.gauss(50, 15) for _ in range(150)}
    rows = [
        {"day": f"2024-{1 + at * 12 // n:02d}-{1 + at % 28:02d}", "shop": code, "price": dice.random(),
         "sold": level[code] + dice.gauss(0, 2), "open": dice.random() < 0.9}
        for at in range(n) for code in [dice.choice(sorted(level))]
    ]  # fmt: skip
    pyarrow.csv.write_csv(pa.Table.from_pylist(rows), folder / "sales.csv")
    return GivenTable(path=folder / "sales.csv", target="sold", metric="mae", split="day", about="Sales of shops.")


def test_parts_are_apart_in_time_or_in_groups(tmp_path: Path) -> None:
    """Rows of one day in both parts would let the agent copy the nearest row."""
    given = written(tmp_path)
    table = read_table(given.path, given)
    parts = split_table(table, "day", 1)
    assert parts.in_time
    assert pc.max(parts.train["day"]).as_py() < pc.min(parts.test["day"]).as_py()
    groups = split_table(table, "shop", 1)
    assert not groups.in_time
    shops = set(groups.test["shop"].to_pylist())
    assert not set(groups.train["shop"].to_pylist()) & shops
    assert groups.train.num_rows + groups.test.num_rows == table.num_rows
    assert shops != set(split_table(table, "shop", 2).test["shop"].to_pylist())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda given: given.model_copy(update={"target": "gone"}), "column_missing"),
        (lambda given: given.model_copy(update={"metric": "auc"}), "target_not_binary"),
        (lambda given: given.model_copy(update={"target": "shop"}), "target_not_numeric"),
        (lambda given: given.model_copy(update={"path": given.path.with_suffix(".txt")}), "table_unreadable"),
    ],
)
def test_a_table_that_fits_no_problem_is_refused(
    change: Callable[[GivenTable], GivenTable], reason: str, tmp_path: Path
) -> None:
    given = change(written(tmp_path))
    with pytest.raises(Refused, match=f"^{reason}$"):
        read_table(given.path, given)


def test_few_groups_and_odd_names_are_refused(tmp_path: Path) -> None:
    given = written(tmp_path)
    with pytest.raises(Refused, match="split_column_has_few_values"):
        split_table(read_table(given.path, given), "open", 1)
    pyarrow.csv.write_csv(pyarrow.csv.read_csv(given.path).rename_columns({"price": 'a"b'}), given.path)
    with pytest.raises(Refused, match="column_name"):
        read_table(given.path, given)


def test_cells_stay_as_they_are_written(tmp_path: Path) -> None:
    """A task of which a number, a time or an empty cell differs from the user's table is a task of another table."""
    given = written(tmp_path)
    odd = [
        "when,at,shop,sold,many",
        "2024-05-01T10:00:00+02:00,09:30,,1.50,1",
        '2024-5-1,noon,"a\nb",2,x',
        "2024,,NA,nan,",
    ]
    more = [f"2024-05-02 11:00:00,10:00,c{at},{at},{at}" for at in range(40_000)]
    given.path.write_text("\n".join([*more[:1], *odd[1:], *more[1:]]).replace("\\n", "\n"), encoding="utf-8")
    given.path.write_text(odd[0] + "\n" + given.path.read_text())
    read = read_table(given.path, given.model_copy(update={"split": "when"}))
    assert read.num_rows == len(more) + 2
    assert [list(row.values()) for row in read.slice(0, 3).to_pylist()] == [
        ["2024-05-02 11:00:00", "10:00", "c0", 0.0, "0"],
        ["2024-05-01T10:00:00+02:00", "09:30", None, 1.5, "1"],
        ["2024-5-1", "noon", "a\nb", 2.0, "x"],
    ]


def test_a_folder_offers_each_of_its_tables_in_turn(tmp_path: Path) -> None:
    given = written(tmp_path)
    pq.write_table(pyarrow.csv.read_csv(given.path), tmp_path / "more.parquet")
    (tmp_path / "notes.txt").write_text("no table")
    folder = given.model_copy(update={"path": tmp_path})
    assert [one.name for one in tables_of(folder)] == ["more.parquet", "sales.csv"]
    assert read_table(tmp_path / "more.parquet", folder).equals(read_table(tmp_path / "sales.csv", given))
    corpus = cast(Corpus, SimpleNamespace(settings=Tasks()))
    assert list(GIVEN_TABLE.candidates(corpus)) == []


def test_a_bundle_is_found_by_its_hash_only(tmp_path: Path) -> None:
    """A bundle that was changed on the disk would be judged by labels of another table."""
    name = write_bundle(tmp_path, Bundle({"train.csv": b"a"}, {1: 2.5}))
    assert write_bundle(tmp_path, Bundle({"train.csv": b"a"}, {1: 2.5})) == name
    assert read_bundle(tmp_path, name) == Bundle({"train.csv": b"a"}, {1: 2.5})
    (tmp_path / "tables" / name / "train.csv").write_bytes(b"b")
    assert read_bundle(tmp_path, name) is None
    assert read_bundle(tmp_path, "../" + name) is None


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_given_table_becomes_a_task_without_path_or_private_label(tmp_path: Path) -> None:
    """A path in a setup would let an imported task read files of the host."""
    need_sandbox()
    given, resources = written(tmp_path, 700), replace(Resources(), sources_path=tmp_path / "sources")
    draft = GIVEN_TABLE.compose(Offer(0, 3, given.path, given, resources), lambda system, text: "")
    task = task_row(DOMAIN, GIVEN_TABLE, draft, Tasks(), date(2026, 1, 2))
    hidden = hidden_row(task, draft)
    assert str(tmp_path) not in task.setup + task.instruction
    assert DOMAIN.policies is not None
    attempt = Player(DOMAIN, resources, tmp_path / "world").play(task, hidden, DOMAIN.policies.shortcuts["example"])
    assert attempt.judgements["score_reached"].reason == "score_too_low"
    labels = json.loads((hidden and hidden.goal) or "{}")["labels"]
    assert len(labels) > 100
    bundle = read_bundle(tmp_path / "sources", json.loads(task.setup)["problem"]["bundle"])
    assert bundle is not None and not set(bundle.public) & set(json.loads((hidden and hidden.goal) or "{}")["ids"])
