"""No question stands in two splits, in no spelling and not nearly the same, and no release moves one."""

from contextlib import closing
from typing import Any

import duckdb
import numpy as np
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flows.publish.build.questions import connected, create_question_splits, create_question_tasks

Asked = tuple[str, str | None]
RIVER = "Which river flows through the old town of Ystad before it reaches the harbour"
OTHERS = [f"Who painted the {thing} that hangs in the {place} of the northern museum?" for thing, place in (
    ("lamp", "attic"), ("mill", "hall"), ("boat", "tower"), ("goat", "cellar"), ("bridge", "chapel"), ("comet", "barn"),
)]  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_groups_are_the_connected_components(edges: list[tuple[int, int]]) -> None:
    """A group cut in two can be in both splits."""
    ends = np.array(edges, np.int64).reshape(-1, 2)
    expected = list(range(31))
    for one, other in edges:
        joined = {expected[one], expected[other]}
        expected = [min(joined) if group in joined else group for group in expected]
    assert connected(31, ends[:, 0], ends[:, 1]).tolist() == expected


def lake_of(con: duckdb.DuckDBPyConnection, asked: list[Asked], published: dict[int, str] | None = None) -> None:
    con.execute("create table decisions (trajectory_id text, kept bool)")
    con.execute("create table trajectories (trajectory_id text, task_id text)")
    con.execute("create table published_parts (trajectory_id text, task_id text, release_id text, split text)")
    con.execute("""create table release_parts as select 'r' as release_id,
        '{"settings": {"seed": 1, "validation_share": 0.5}}' as manifest""")
    con.execute("""create table tasks (task_id text, domain text, instruction text, answer text,
        created_at timestamptz, composer text, composer_version text)""")
    for number, (question, truth) in enumerate(asked):
        con.execute("insert into decisions values (?, true)", [f"a{number}"])
        con.execute("insert into trajectories values (?, ?)", [f"a{number}", f"t{number}"])
        row = [f"t{number}", question, truth, f"2026-01-01 00:00:{number:02}"]
        con.execute("insert into tasks values (?, 'd', ?, ?, ?, 'cloze', '1')", row)
    for number, split in (published or {}).items():
        con.execute("insert into published_parts values (?, ?, 'r', ?)", [f"a{number}", f"t{number}", split])


def splits(asked: list[Asked], published: dict[int, str] | None = None, **options: Any) -> list[str]:
    with closing(duckdb.connect()) as con:
        lake_of(con, asked, published)
        create_question_splits(con, options.get("seed", 1), options.get("share", 0.5))
        return [split for (split,) in con.execute("select split from question_splits order by task_id").fetchall()]


@hypothesis_settings(max_examples=6, deadline=None)
@given(st.integers(0, 1_000))
def test_near_copies_of_a_question_are_in_one_split(seed: int) -> None:
    """A question with a word changed is answered from memory: the validation loss then measures nothing."""
    copies = [
        RIVER, f"{RIVER.upper()} ?", RIVER.replace("old town", "old city"), f"Tell me: {RIVER}, please?",
        RIVER.replace("flows through", "runs across"),
    ]  # fmt: skip
    found = splits([(one, "The Lyra") for one in copies] + [(one, None) for one in OTHERS[:4]], seed=seed)
    assert len(set(found[: len(copies)])) == 1


def test_questions_of_one_template_are_drawn_one_by_one() -> None:
    """A set of one template would be in train as a whole, and nothing of it held out."""
    by_truth = splits([(one, f"Painter {number}") for number, one in enumerate(OTHERS)])
    by_number = splits(
        [(f"How many crates of apples does order {number} of the harbour hold?", None) for number in range(9)]
    )
    assert {"train", "validation"} == set(by_truth) == set(by_number)


def test_a_question_stays_in_the_split_of_earlier_releases() -> None:
    """Held-out questions that later train a student make every earlier measurement of it worthless."""
    asked: list[Asked] = [(RIVER, None), (OTHERS[0], "a"), (f"{RIVER}!", None), (OTHERS[1], "b")]
    for share in (0.0, 0.5, 1.0):
        held = splits(asked, {0: "validation", 1: "validation"}, share=share)
        assert held[:3] == ["validation"] * 3
    assert splits(asked, {2: "train", 1: "train"})[:3] == ["train"] * 3
    assert splits(asked, {0: "train", 2: "validation"})[:3:2] == ["validation"] * 2
    assert splits(asked, {0: "validation"}, seed=2, share=0.0) == ["train"] * 4


def test_spellings_are_one_question_for_pairs_and_reinforcement_learning() -> None:
    """Lakes of earlier importers have a task for every spelling; their attempts can still be compared."""
    with closing(duckdb.connect()) as con:
        lake_of(con, [(RIVER, "Lyra"), (f" {RIVER.upper()}?", "lyra."), (RIVER, "Other"), (RIVER, None), (RIVER, None)])
        create_question_tasks(con)
        found = con.execute("select question_task from question_tasks order by task_id").fetchall()
    assert [name for (name,) in found] == ["t0", "t0", "t2", "t3", "t4"]
