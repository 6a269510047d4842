"""Journals of shards: attempts move between them and the run's journal, and no kill on the way loses or doubles one."""

from pathlib import Path

import pyarrow as pa

from flows.rollout.journal.journal import Journal
from flows.rollout.pool.counts import PoolCounts
from flows.rollout.server_load import Load
from flows.rollout.shards.journals import distribute, gather
from flows.rollout.shards.messages import Progress, Started
from flows.rollout.shards.shard import Shard, journal_of, left_folders, owner
from flows.rollout.shards.totals import ShardTotal, Totals, with_clients
from schemas import Trajectory, Turn
from schemas.trajectory import trajectory_id
from tests.flows.rollout.journal.test_journal import entry, fill, rows
from warehouse.lake import Lake

TASKS = [f"task {number}" for number in range(6)]
NAMES = [trajectory_id(task, 0) for task in TASKS]
PLANNED = pa.table({"task_id": TASKS, "sample": pa.array([0] * len(TASKS), pa.int64())})


def held(journal: Journal) -> dict[str, int]:
    """The turns of each attempt in a journal."""
    return {row[0]: len(journal.rows(row[0])) for row in journal.read("recover_attempts")}


async def test_attempts_and_their_children_go_to_the_shard_of_their_task(tmp_path: Path) -> None:
    """A child in another journal would be sampled again from nothing when its parent resumes."""
    with Journal(tmp_path / "journal.sqlite") as home:
        await fill(home, NAMES, finish=False)
        await home.begin("a child", f"child:{NAMES[0]}:setup:question")
        await home.commit([entry("a child", 0)])
        distribute(tmp_path, Lake(tmp_path / "lake"), home, PLANNED, 2)
        assert held(home) == {}
    for shard in Shard.all_of(2):
        with Journal(journal_of(shard.folder(tmp_path)), shard.worker) as journal:
            own = {name: 3 for task, name in zip(TASKS, NAMES, strict=True) if owner(task, 2) == shard.index}
            assert held(journal) == own | ({"a child": 1} if NAMES[0] in own else {})


async def test_a_kill_between_two_journals_leaves_one_copy(tmp_path: Path) -> None:
    """Attempts are in both journals then; with none kept their turns would be paid for again."""
    lake = Lake(tmp_path / "lake")
    with Journal(tmp_path / "journal.sqlite") as home:
        await fill(home, NAMES, finish=False)
        distribute(tmp_path, lake, home, PLANNED, 3)
        await fill(home, NAMES[:2], finish=False)
        gather(tmp_path, lake, home)
        assert held(home) == dict.fromkeys(NAMES, 3)
    assert left_folders(tmp_path) == []


async def test_what_a_shard_finished_reaches_the_lake_under_its_own_name(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    shard = Shard.all_of(2)[1]
    with Journal(tmp_path / "journal.sqlite") as home:
        shard.folder(tmp_path).mkdir(parents=True)
        with Journal(journal_of(shard.folder(tmp_path)), shard.worker) as journal:
            await fill(journal, NAMES[:2])
            await fill(journal, NAMES[2:3], finish=False)
        gather(tmp_path, lake, home)
        assert held(home) == {NAMES[2]: 3}
    assert {row["trajectory_id"] for row in rows(lake, Trajectory)} == set(NAMES[:2])
    assert [path.stem.split("-")[-2] for path in lake.parts(Turn)] == ["rollout2"]


def test_counts_are_those_of_all_processes_also_of_one_that_died() -> None:
    """A budget that forgot a dead process would be spent twice."""
    first, second = ShardTotal(), ShardTotal()
    first.start(Started(10))
    first.now = Progress(PoolCounts(turns=5, sampled_tokens=50, finished=1, in_flight=3, cost=0.5), {"s": (1, 0, 0)})
    first.lose()
    first.start(Started(7))
    first.now = Progress(PoolCounts(turns=2, sampled_tokens=20, in_flight=2), {"s": (1, 2, 30)})
    second.now = Progress(PoolCounts(turns=1, sampled_tokens=10, in_flight=1))
    total = Totals({0: first, 1: second}).sum()
    assert total.counts == PoolCounts(turns=8, sampled_tokens=80, finished=3, in_flight=3, cost=0.5)
    assert with_clients([Load("s")], total) == [Load("s", refusals=2, discarded=2, discarded_tokens=30)]
