"""Given tables: a user's table becomes tasks whose test rows are apart, and whose setup names no path and no label."""

import json
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import polars as pl
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
    pl.DataFrame(rows).write_csv(folder / "sales.csv")
    return GivenTable(path=folder / "sales.csv", target="sold", metric="mae", split="day", about="Sales of shops.")


def test_parts_are_apart_in_time_or_in_groups(tmp_path: Path) -> None:
    """Rows of one day in both parts would let the agent copy the nearest row."""
    given = written(tmp_path)
    table = read_table(given.path, given)
    parts = split_table(table, "day", 1)
    assert parts.in_time
    assert max(parts.train["day"]) < min(parts.test["day"])
    groups = split_table(table, "shop", 1)
    assert not groups.in_time
    assert not set(groups.train["shop"]) & set(groups.test["shop"])
    assert groups.train.height + groups.test.height == table.height
    assert set(groups.test["shop"]) != set(split_table(table, "shop", 2).test["shop"])


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
    pl.read_csv(given.path).rename({"price": 'a"b'}).write_csv(given.path)
    with pytest.raises(Refused, match="column_name"):
        read_table(given.path, given)


def test_a_folder_offers_each_of_its_tables_in_turn(tmp_path: Path) -> None:
    given = written(tmp_path)
    pl.read_csv(given.path).write_parquet(tmp_path / "more.parquet")
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
