"""Duplicates: edited copies are found, siblings and branches are kept, and each cluster keeps its best."""

import json
import random
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from flows.refine.decide import run_refine
from flows.refine.dedupe import dedupe
from flows.settings import Settings
from tests.doubles.lakes.small_lake import Kind, SmallLake, edited, make_small_lake, write_records
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake

pytestmark = pytest.mark.slow
DAY = date(2026, 11, 20)

Found = tuple[bool, list[str], str | None, str | None, float | None]


def refined(home: Path, made: SmallLake) -> dict[str, Found]:
    settings = Settings(home=home)
    write_records(Lake(settings.lake), DAY, made)
    run_refine(settings, DAY, silent)
    with connect(Lake(settings.lake)) as con:
        rows = con.execute("select trajectory_id, kept, reasons, cluster_id, keeper_id, similarity from decisions")
        return {row[0]: row[1:] for row in rows.fetchall()}


@pytest.mark.parametrize(("n_calls", "words"), [(4, 40), (30, 60), (60, 400)])
def test_planted_copies_are_found_and_all_others_kept(n_calls: int, words: int, tmp_path: Path) -> None:
    """At every length: from turns with all shingles compared to turns with 24 of them compared."""
    kinds: dict[tuple[int, int], Kind] = {(0, 1): "exact_copy", (1, 1): "near_copy", (2, 1): "branch"}
    made = make_small_lake(DAY, n_tasks=4, samples=3, kinds=kinds, n_calls=n_calls, words=words)
    rows = refined(tmp_path, made)
    clusters = {cluster for _, _, cluster, _, _ in rows.values() if cluster}
    refused = [reasons for kept, reasons, *_ in rows.values() if not kept]
    assert len(clusters) == 2
    assert sorted(refused) == [["exact_duplicate:copy", "near_duplicate:similar"], ["near_duplicate:similar"]]
    alone = made.of_kind("branch") | {row.trajectory_id for row in made.trajectories if row.sample == 2}
    assert all(rows[id][0] and rows[id][2] is None for id in alone)


def test_posting_lists_larger_than_memory_are_read_in_buckets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a million attempts must fit in memory and give the same copies as all at once."""
    kinds: dict[tuple[int, int], Kind] = {(0, 1): "exact_copy", (1, 1): "near_copy", (2, 1): "branch"}
    made = make_small_lake(DAY, n_tasks=6, samples=3, kinds=kinds, n_calls=12, words=60)
    whole = refined(tmp_path / "whole", made)
    monkeypatch.setattr(dedupe, "BUCKET_ROWS", 100)
    assert refined(tmp_path / "buckets", made) == whole
    assert any(cluster for _, _, cluster, _, _ in whole.values())


def test_short_siblings_with_different_searches_are_kept(tmp_path: Path) -> None:
    """Two short attempts share most words with the task, and are still two different attempts."""
    made = make_small_lake(DAY, n_tasks=5, samples=3, n_calls=1, words=1)
    assert all(kept for kept, *_ in refined(tmp_path, made).values())


def test_short_samples_with_the_same_content_are_duplicates(tmp_path: Path) -> None:
    kinds: dict[tuple[int, int], Kind] = {(0, 1): "exact_copy", (0, 2): "exact_copy"}
    made = make_small_lake(DAY, n_tasks=1, samples=3, kinds=kinds, n_calls=1, words=1)
    assert sum(kept for kept, *_ in refined(tmp_path, made).values()) == 1


def test_the_same_pages_make_no_duplicates(tmp_path: Path) -> None:
    """Popular pages recur: only the agent's text and calls count, not the pages."""
    made = make_small_lake(DAY, n_tasks=6)
    made.turns[:] = [
        turn.model_copy(update={"observation": "the same long page " * 200}) if turn.observation else turn
        for turn in made.turns
    ]
    assert all(cluster is None for _, _, cluster, _, _ in refined(tmp_path, made).values())


def test_two_different_tasks_are_kept_though_the_agent_wrote_little(tmp_path: Path) -> None:
    made = make_small_lake(DAY, n_tasks=2, samples=1, n_calls=1, words=2)
    first, second = (row.trajectory_id for row in made.trajectories)
    first_turns = {turn.index: turn for turn in made.turns if turn.trajectory_id == first and turn.role == "assistant"}
    made.turns[:] = [
        first_turns[turn.index].model_copy(update={"trajectory_id": second})
        if turn.trajectory_id == second and turn.role == "assistant"
        else turn
        for turn in made.turns
    ]
    assert all(kept for kept, *_ in refined(tmp_path, made).values())


def test_the_copy_with_a_right_answer_is_the_keeper(tmp_path: Path) -> None:
    """A duplicate is not lost because another copy failed a gate."""
    kinds: dict[tuple[int, int], Kind] = {(0, n): "near_copy" for n in range(1, 4)}
    made = make_small_lake(DAY, n_tasks=1, samples=4, kinds=kinds)
    right = made.trajectories[2].trajectory_id
    made.verdicts[:] = [
        verdict if verdict.trajectory_id == right else verdict.model_copy(update={"passed": False})
        for verdict in made.verdicts
    ]
    rows = refined(tmp_path, made)
    assert [id for id, (kept, *_) in rows.items() if kept] == [right]
    assert {keeper for _, _, _, keeper, _ in rows.values()} == {right}


def test_the_shortest_of_equals_is_kept(tmp_path: Path) -> None:
    made = make_small_lake(DAY, n_tasks=1, samples=2, kinds={(0, 1): "exact_copy"})
    made.trajectories[1] = made.trajectories[1].model_copy(update={"n_tokens": 1})
    rows = refined(tmp_path, made)
    assert rows[made.trajectories[1].trajectory_id][0]
    assert not rows[made.trajectories[0].trajectory_id][0]


def test_a_chain_of_similar_attempts_is_one_cluster_with_one_keeper(tmp_path: Path) -> None:
    """If A is similar to B and B to C, all three are one cluster, though A and C alone would be kept."""
    made = make_small_lake(DAY, n_tasks=1, samples=8, kinds={(0, n): "exact_copy" for n in range(1, 8)}, words=60)
    dice = random.Random(1)
    ids = [row.trajectory_id for row in made.trajectories]
    texts = {t.index: t.reasoning for t in made.turns if t.trajectory_id == ids[0] and t.reasoning}
    for id in ids[1:]:
        texts = {index: edited(str(text), dice, 0.08) for index, text in texts.items()}
        made.turns[:] = [
            t.model_copy(update={"reasoning": texts[t.index]}) if t.trajectory_id == id and t.index in texts else t
            for t in made.turns
        ]
    rows = refined(tmp_path, made)
    assert {cluster for _, _, cluster, _, _ in rows.values()} == {min(ids)}
    assert sum(kept for kept, *_ in rows.values()) == 1
    measured = [similarity for *_, similarity in rows.values() if similarity is not None]
    assert all(0.4 <= similarity <= 1 for similarity in measured)
    assert len(measured) < len(ids)


def calling(made: SmallLake, arguments: Callable[[int, int], dict[str, str]], reasoning: str | None) -> SmallLake:
    """Set each call's arguments by the attempt's sample and the turn's index, with the same text in every attempt."""
    samples = {row.trajectory_id: row.sample for row in made.trajectories}
    for place, turn in enumerate(made.turns):
        if turn.role == "assistant" and turn.tool_calls:
            (call,) = json.loads(turn.tool_calls)
            call |= {"name": "search", "arguments": arguments(samples[turn.trajectory_id], turn.index)}
            update = {"reasoning": reasoning, "tool_calls": json.dumps([call])}
        else:
            update = {"reasoning": None}
        made.turns[place] = turn.model_copy(update=update if turn.role == "assistant" else {})
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        lambda sample, index: {
            "query": f"what {10 - index if sample else index} is"
        },  # the same calls in another order
        lambda sample, index: {"query": f"{'ab'[index // 2 % 2]} of {sample}"},  # two calls in turn, others each time
        lambda sample, index: {"name": f"user {index} of {sample}"},
    ],
)
def test_attempts_with_different_calls_or_order_are_kept(
    arguments: Callable[[int, int], dict[str, str]], tmp_path: Path
) -> None:
    """Good attempts must not be lost as copies of different ones."""
    made = make_small_lake(DAY, n_tasks=1, samples=2, n_calls=4, kinds={(0, 1): "exact_copy"})
    rows = refined(tmp_path, calling(made, arguments, None))
    assert [reasons for _, reasons, *_ in rows.values() if "exact_duplicate:copy" in reasons] == []


@pytest.mark.parametrize("tasks", [1, 3])
def test_attempts_without_text_and_with_different_calls_are_kept(tasks: int, tmp_path: Path) -> None:
    """For an agent without reasoning text only its calls count; their braces and names are no similarity."""
    words = ["amber", "basin", "cedar", "delta", "ember", "frost", "grove", "hazel", "inlet", "jetty", "kelp", "larch"]
    made = make_small_lake(DAY, n_tasks=tasks, samples=2, n_calls=6)
    dice = random.Random(3)
    rows = refined(tmp_path, calling(made, lambda *_: {"query": " ".join(dice.sample(words, 4))}, None))
    assert all(kept for kept, *_ in rows.values())
