"""Views, marts and checks: marts agree with a count by hand, and checks find planted violations."""

import re
import statistics
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from schemas import Decision, Published, Release, Trajectory, Turn
from tests.doubles.lakes.small_lake import Kind, SmallLake, make_small_lake, write_decisions, write_records
from warehouse.connect import connect, sql_files
from warehouse.console.stats import mart_rows
from warehouse.lake import Lake, PartName
from warehouse.query import run_checks

DAY = date(2026, 11, 20)
KINDS: dict[tuple[int, int], Kind] = {(0, 0): "pending", (1, 0): "aborted", (2, 0): "turn_cap", (3, 1): "loop"}
LONG = {"content", "reasoning", "observation", "tool_calls", "token_ids", "sampled", "logprobs", "text", "system"}


def lake_of(path: Path, made: SmallLake) -> Lake:
    lake = Lake(path)
    write_records(lake, DAY, made)
    return lake


def publish(lake: Lake, rows: list[Trajectory], refine_id: str, claimed: int | None = None) -> None:
    tokens, count = sum(row.n_tokens for row in rows), len(rows) if claimed is None else claimed
    published = [
        Published(
            release_id="r1",
            trajectory_id=row.trajectory_id,
            task_id=row.task_id,
            split="train",
            shard="train-0.parquet",
            row=place,
            n_tokens=row.n_tokens,
            run_id=row.run_id,
        )
        for place, row in enumerate(rows)
    ]
    release = Release(
        release_id="r1",
        location="release",
        rows=count,
        tokens=tokens,
        manifest=f'{{"refine_id": "{refine_id}", "rows": {count}, "tokens": {tokens}}}',
        published_at=rows[0].ended_at,
        run_id=DAY.isoformat(),
    )
    lake.write(Published, published, PartName(DAY, "publish", 0))
    lake.write(Release, [release], PartName(DAY, "publish", 0))


def test_marts_read_no_long_text(tmp_path: Path) -> None:
    """Statistics over 100,000 trajectories must not read gigabytes of text."""
    with connect(lake_of(tmp_path, make_small_lake(DAY))) as con:
        for mart in sql_files("marts"):
            plan = con.execute(f"explain (format json) from {mart}").fetchall()[0][1]
            read = set(re.findall(r"\w+", " ".join(re.findall(r'"Projections":\s*(\[[^\]]*\]|"[^"]*")', plan))))
            assert read
            assert not read & LONG, mart


def test_the_funnel_counts_every_planned_attempt_once(tmp_path: Path) -> None:
    made = make_small_lake(DAY, kinds=KINDS, domains=("search", "code"))
    lake = lake_of(tmp_path, made)
    rejected, released = made.trajectories[4], made.trajectories[6:9]
    refine_id = write_decisions(lake, DAY, made, {rejected.trajectory_id: ["status:looped", "outcome:wrong_answer"]})
    publish(lake, released, refine_id)
    with connect(lake) as con:
        funnel = mart_rows(con, "funnel")
        assert run_checks(con) == dict.fromkeys(sql_files("checks"), 0)
    total = {row["reason"]: row for row in funnel if row["domain"] == "all"}
    assert total["planned"]["attempts"] == made.planned()
    assert total["published"]["attempts"] == 3
    assert total["published"]["tokens"] == sum(row.n_tokens for row in released)
    assert total["status:looped"]["attempts"] == total["pending"]["attempts"] == 1
    assert total["aborted:tool_fault"]["attempts"] == 1
    ended = [row for reason, row in total.items() if reason != "planned"]
    assert sum(row["attempts"] for row in ended) == made.planned()
    assert sum(row["share"] for row in ended) == pytest.approx(1)
    by_domain = [row["attempts"] for row in funnel if row["domain"] != "all" and row["fate"] != "planned"]
    assert sum(by_domain) == made.planned()


def test_statistics_agree_with_a_count_by_hand(tmp_path: Path) -> None:
    made = make_small_lake(DAY, kinds=KINDS, domains=("search", "code"))
    with connect(lake_of(tmp_path, made)) as con:
        lengths, roles, tools, horizon = (
            mart_rows(con, mart) for mart in ("trajectory_stats", "turn_stats", "tool_use", "horizon_histogram")
        )
    for row in lengths:
        of = [t for t in made.trajectories if (t.domain, t.status) == (row["domain"], row["status"])]
        assert row["trajectories"] == len(of)
        assert row["mean_tokens"] == pytest.approx(statistics.mean(t.n_tokens for t in of))
        assert row["p50_tokens"] == pytest.approx(statistics.median(t.n_tokens for t in of))
        assert row["mean_calls"] == pytest.approx(statistics.mean(t.n_tool_calls for t in of))
    domain_of = {t.trajectory_id: t.domain for t in made.trajectories}
    assert sum(row["trajectories"] for row in lengths) == len(made.trajectories)
    chars: Counter[tuple[str, str]] = Counter()
    calls: Counter[tuple[str, str]] = Counter()
    for turn in made.turns:
        chars[domain_of[turn.trajectory_id], turn.role] += turn.n_chars
        if turn.role == "tool":
            calls[domain_of[turn.trajectory_id], str(turn.tool)] += 1
    assert {(row["domain"], row["role"]): row["chars"] for row in roles} == chars
    assert {(row["domain"], row["tool"]): row["calls"] for row in tools} == calls
    finished = [t for t in made.trajectories if t.status != "aborted"]
    assert sum(row["trajectories"] for row in horizon) == len(finished)
    code = [t.n_tokens for t in finished if t.domain == "code"]
    of_goal = {row["domain"]: (row["goal_tokens"], row["share_of_goal"]) for row in horizon}
    assert of_goal["code"] == (45_000, pytest.approx(statistics.mean(code) / 45_000))
    assert of_goal["search"][0] == 44_000


def spoil(rows: list[Any], **update: object) -> None:
    """Replace columns of the last row."""
    rows[-1] = rows[-1].model_copy(update=update)


PLANTED: dict[str, Callable[[SmallLake], None]] = {
    "orphan_trajectory": lambda made: spoil(made.trajectories, task_id="never planned"),
    "orphan_turns": lambda made: spoil(made.turns, trajectory_id="no such trajectory"),
    "duplicate_trajectory": lambda made: made.trajectories.append(made.trajectories[0]),
    "duplicate_turn": lambda made: made.turns.append(made.turns[-1]),
    "turn_counts": lambda made: spoil(made.trajectories, n_tokens=1),
    "turn_order": lambda made: spoil(made.turns, index=99),
    "turn_tokens": lambda made: spoil(made.turns, logprobs=[]),
}


@pytest.mark.parametrize("check", PLANTED)
def test_a_check_finds_a_planted_violation(check: str, tmp_path: Path) -> None:
    made = make_small_lake(DAY)
    PLANTED[check](made)
    with connect(lake_of(tmp_path, made)) as con:
        assert run_checks(con)[check] > 0


def decisions_of(lake: Lake, con: duckdb.DuckDBPyConnection) -> list[Decision]:
    names = list(Decision.model_fields)
    rows = con.execute(f"select {', '.join(names)} from decisions").fetchall()
    return [Decision.model_validate(dict(zip(names, row, strict=True))) for row in rows]


def decided(tmp_path: Path) -> tuple[Lake, SmallLake, list[Decision], str]:
    made = make_small_lake(DAY, kinds=KINDS)
    lake = lake_of(tmp_path, made)
    refine_id = write_decisions(lake, DAY, made)
    with connect(lake) as con:
        return lake, made, decisions_of(lake, con), refine_id


def failing(lake: Lake) -> dict[str, int]:
    with connect(lake) as con:
        return {check: rows for check, rows in run_checks(con).items() if rows}


def test_a_refusal_without_a_reason_is_found(tmp_path: Path) -> None:
    lake, _, rows, _ = decided(tmp_path)
    spoil(rows, kept=False)
    lake.write(Decision, rows, PartName(DAY, "refine", 0))
    assert failing(lake) == {"decision_reasons": 1}


def test_a_decision_on_an_unfinished_attempt_is_found(tmp_path: Path) -> None:
    lake, made, rows, _ = decided(tmp_path)
    rows.append(rows[0].model_copy(update={"trajectory_id": next(iter(made.of_kind("pending")))}))
    rows.append(rows[0])
    lake.write(Decision, rows, PartName(DAY, "refine", 0))
    assert failing(lake) == {"decision_scope": 1, "duplicate_decision": 1, "conservation": 1}


def test_a_row_published_against_the_decision_is_found(tmp_path: Path) -> None:
    lake, made, _, _ = decided(tmp_path)
    kept = [row for row in made.trajectories if row.status == "answered"]
    refine_id = write_decisions(lake, DAY, made, {kept[0].trajectory_id: ["outcome:wrong_answer"]})
    publish(lake, kept[:3], refine_id)
    assert failing(lake) == {"published_kept": 1}


def test_a_release_that_miscounts_its_rows_is_found(tmp_path: Path) -> None:
    lake, made, _, refine_id = decided(tmp_path)
    kept = [row for row in made.trajectories if row.status == "answered"]
    publish(lake, kept[:3], refine_id, claimed=4)
    assert failing(lake) == {"release_rows": 1}


def test_a_lost_attempt_breaks_conservation(tmp_path: Path) -> None:
    """A rejected trajectory that no task planned: the counts do not add up, and the check finds the domain."""
    made = make_small_lake(DAY)
    task = made.tasks[0]
    made.tasks[0] = task.model_copy(update={"samples": 1})
    lake = lake_of(tmp_path, made)
    lost = next(row for row in made.trajectories if row.task_id == task.task_id and row.sample == 1)
    write_decisions(lake, DAY, made, {lost.trajectory_id: ["outcome:wrong_answer"]})
    assert failing(lake) == {"conservation": 1, "orphan_trajectory": 1}


def test_the_tokens_of_each_turn_are_checked(tmp_path: Path) -> None:
    made = make_small_lake(DAY)
    first: Turn = made.turns[2]
    made.turns[2] = first.model_copy(update={"token_ids": first.token_ids[:-1]})
    assert failing(lake_of(tmp_path, made)) == {"turn_tokens": 1}


def test_each_attempt_is_counted_under_what_limited_its_length(tmp_path: Path) -> None:
    """A team that sees short trajectories would not know whether to raise a budget, or to ask for harder work."""
    made = make_small_lake(DAY, kinds=KINDS, domains=("search", "code"))
    lake = lake_of(tmp_path, made)
    answered = [row for row in made.trajectories if row.status == "answered"]
    write_decisions(lake, DAY, made, {answered[0].trajectory_id: ["outcome:wrong_answer"]})
    with connect(lake) as con:
        limits = mart_rows(con, "horizon_limits")
    counts = Counter[str]()
    for row in limits:
        counts[row["limited_by"]] += row["attempts"]
        assert row["goal_tokens"] == (44_000 if row["domain"] == "search" else 45_000)
    assert counts["early_wrong"] == 1
    assert counts["corpus_depth"] == len(answered) - 1
    cut = Counter(row.status for row in made.trajectories if row.status not in ("answered", "aborted"))
    assert {status: counts[status] for status in cut} == cut
    assert cut["turn_cap"] == 1
    assert sum(row["share"] for row in limits) == pytest.approx(2)
