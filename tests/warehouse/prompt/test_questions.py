"""The twelve questions answer right, over a small lake whose figures are counted by hand, also in DuckDB 1.5."""

import json
import subprocess
import sys
from datetime import date
from math import comb
from pathlib import Path
from typing import Any

import pytest

from schemas import Published, Release
from tests.doubles.lakes.small_lake import SmallLake, make_small_lake, write_decisions, write_records
from tests.doubles.lakes.small_steps import Kind
from warehouse.connect import connect, rebuild_warehouse
from warehouse.lake import Lake, PartName
from warehouse.prompt.questions import query_text, questions

DAY, EVE = date(2026, 11, 20), date(2026, 11, 19)
KINDS: dict[tuple[int, int], Kind] = {(0, 0): "pending", (1, 0): "aborted", (2, 1): "turn_cap", (3, 1): "wrong"}
WRONG = "outcome:wrong_answer"


class Home:
    """A lake of two nights in two domains: four attempts at each task, of the second night three refused."""

    def __init__(self, path: Path) -> None:
        self.lake, self.path = Lake(path / "lake"), path
        self.eve = make_small_lake(EVE, n_tasks=2, seed=1, domains=("code",))
        self.made = make_small_lake(DAY, n_tasks=4, samples=4, kinds=KINDS, domains=("search", "code"))
        for day, made in ((EVE, self.eve), (DAY, self.made)):
            write_records(self.lake, day, made)
        finished = [row for row in self.made.trajectories if row.status != "aborted"]
        self.refused = {
            finished[0].trajectory_id: [WRONG],
            finished[1].trajectory_id: [WRONG, "min_calls:few_calls"],
            finished[-1].trajectory_id: ["status:turn_cap"],
        }
        both = SmallLake(
            trajectories=self.made.trajectories + self.eve.trajectories, kinds=self.made.kinds | self.eve.kinds
        )
        refine_id = write_decisions(self.lake, DAY, both, self.refused)
        self.released = [row for row in finished if row.trajectory_id not in self.refused]
        self._publish(refine_id)

    def _publish(self, refine_id: str) -> None:
        rows = [
            Published(
                release_id="r1", trajectory_id=row.trajectory_id, task_id=row.task_id, split="train", shard="a", row=n,
                n_tokens=row.n_tokens, run_id=row.run_id,
            )
            for n, row in enumerate(self.released)
        ]  # fmt: skip
        release = Release(
            release_id="r1", location="release", rows=len(rows), tokens=0,
            manifest=json.dumps({"refine_id": refine_id}), published_at=self.released[0].ended_at,
            run_id=DAY.isoformat(),
        )  # fmt: skip
        self.lake.write(Published, rows, PartName(DAY, "publish", 0))
        self.lake.write(Release, [release], PartName(DAY, "publish", 0))

    def answer(self, name: str) -> list[dict[str, Any]]:
        """The rows of a question."""
        with connect(self.lake) as con:
            rows: list[dict[str, Any]] = con.sql(query_text(name)).to_arrow_table().to_pylist()
            return rows


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


def test_tokens_by_night(home: Home) -> None:
    rows = {(row["run_id"], row["domain"]): row["tokens"] for row in home.answer("tokens_by_night")}
    ended = [row for row in (*home.made.trajectories, *home.eve.trajectories) if row.status != "aborted"]
    assert rows == {
        (night, domain): sum(row.n_tokens for row in ended if (row.run_id, row.domain) == (night, domain))
        for night, domain in (("2026-11-20", "search"), ("2026-11-20", "code"), ("2026-11-19", "code"))
    }
    assert list(rows)[-1][0] == "2026-11-19"


def test_longest_attempts(home: Home) -> None:
    found = home.answer("longest_attempts")
    lengths = sorted((row.n_tokens for row in (*home.made.trajectories, *home.eve.trajectories)), reverse=True)
    assert [row["n_tokens"] for row in found] == lengths[:10]
    assert {row["fate"] for row in found} <= {"published", "rejected", "unfinished"}


def test_tool_errors(home: Home) -> None:
    answered = [turn for made in (home.made, home.eve) for turn in made.turns if turn.role == "tool"]
    for row in home.answer("tool_errors"):
        kinds = [turn.kind for turn in answered if turn.tool == row["tool"]]
        assert row["calls"] == len(kinds)
        for kind in ("fault", "blocked", "empty", "truncated"):
            assert row[kind] == pytest.approx(kinds.count(kind) / len(kinds))


def test_pass_at_k(home: Home) -> None:
    """An estimator that is off by a little misleads every comparison of two teachers."""
    expected: dict[tuple[str, int], list[float]] = {}
    for made in (home.made, home.eve):
        for task in made.tasks:
            ended = [row for row in made.trajectories if row.task_id == task.task_id and row.status != "aborted"]
            n, wrong = len(ended), sum(WRONG in home.refused.get(row.trajectory_id, []) for row in ended)
            for k in (k for k in (1, 2, 4, 8) if k <= n):
                expected.setdefault((task.domain, k), []).append(1 - comb(wrong, k) / comb(n, k))
    found = {(row["domain"], row["k"]): (row["tasks"], row["pass_at_k"]) for row in home.answer("pass_at_k")}
    assert found == {key: (len(rates), pytest.approx(sum(rates) / len(rates))) for key, rates in expected.items()}
    assert {k for _, k in found} == {1, 2, 4}


def test_gates_that_refuse(home: Home) -> None:
    rows = {row["reason"]: (row["attempts"], row["for_nothing_else"]) for row in home.answer("gates_that_refuse")}
    assert rows == {WRONG: (2, 1), "min_calls:few_calls": (1, 0), "status:turn_cap": (1, 1)}


def test_share_published(home: Home) -> None:
    rows = {(row["run_id"], row["domain"]): row for row in home.answer("share_published")}
    night = [row for (run_id, _), row in rows.items() if run_id == "2026-11-20"]
    assert sum(row["planned"] for row in night) == home.made.planned()
    assert sum(row["planned"] * row["published"] for row in night) == pytest.approx(len(home.released))
    assert all(row["published"] + row["rejected"] + row["unfinished"] == pytest.approx(1) for row in rows.values())


def test_pages_most_used(home: Home) -> None:
    by_doc = {page.doc_id: page.url for page in home.made.documents}
    evidence = {task.task_id: task.evidence for task in home.made.tasks}
    used = [by_doc[doc] for row in home.released for doc in evidence[row.task_id]]
    assert {row["url"]: row["rows"] for row in home.answer("pages_most_used")} == {url: used.count(url) for url in used}


def test_teachers_and_composers_and_calls(home: Home) -> None:
    """Shares of right attempts agree, whichever way they are grouped."""
    ended = [row for made in (home.made, home.eve) for row in made.trajectories if row.status != "aborted"]
    right = sum(WRONG not in home.refused.get(row.trajectory_id, []) for row in ended)
    for name, count in (
        ("teachers_compared", "attempts"),
        ("hardest_composers", "judged"),
        ("calls_and_success", "attempts"),
    ):
        rows = home.answer(name)
        assert sum(row[count] for row in rows) == len(ended), name
        assert sum(row[count] * row["pass_rate"] for row in rows) == pytest.approx(right), name


def test_limits_and_cost(home: Home) -> None:
    assert {row["limited_by"] for row in home.answer("limits_of_length")} >= {"turn_cap", "early_wrong"}
    finished = {row["run_id"]: row["finished"] for row in home.answer("cost_per_kept_row")}
    assert finished["2026-11-19"] == len(home.eve.trajectories)


def test_the_page_lists_every_question() -> None:
    """A question that the page leaves out is never found."""
    page = Path("warehouse/sql/questions/README.md")
    text = (Path(__file__).parents[3] / page).read_text("utf-8")
    assert len(questions()) == 12
    assert [name for name, (words, _) in questions().items() if f"| {words} | [{name}]({name}.sql) |" not in text] == []


@pytest.mark.slow
def test_an_earlier_client_answers_the_same(home: Home) -> None:
    """Analysts run the same files in their own tools, against `warehouse.duckdb`."""
    rebuild_warehouse(home.path / "warehouse.duckdb", home.lake)
    client = [str(Path(sys.executable).with_name("duckdb")), "-readonly", "-json", str(home.path / "warehouse.duckdb")]
    for name, (_, text) in questions().items():
        read = subprocess.run(client, input=text, capture_output=True, text=True, check=True)
        assert len(json.loads(read.stdout)) == len(home.answer(name)), name
