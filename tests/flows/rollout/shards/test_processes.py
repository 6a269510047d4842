"""A rollout in several processes: the rows of one process, whatever is killed, and no finished turn sampled again."""

import os
import random
import time
from contextlib import ExitStack, suppress
from itertools import chain
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psutil
import pytest

from flows.rollout.briefs import RolloutError
from flows.rollout.monitor.run_status import read_status
from flows.rollout.shards.shard import Shard, left_folders
from flows.settings import Rollout, Settings, Teacher
from schemas import Trajectory
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.nights.killed_rollouts import (
    DAY,
    IN_FLIGHT,
    assert_no_finished_turn_was_sampled_again,
    assert_only_turns_in_flight_were_sampled_again,
    everything,
    reply,
    roll_out,
    starting,
    wait_for_turns,
)
from tests.doubles.stores.s3 import S3Server, moto
from tests.doubles.teachers.vllm_process import vllm_process
from warehouse.lake import Lake

TASKS, PROCESSES = 24, 2
DELAY_S = 0.05
"""Seconds until the server replies."""
SLOW_S = 5 * DELAY_S
"""Seconds between turns in which a process reports its counts several times, also on a busy machine."""
KILLS = int(os.environ.get("SHARD_KILLS", "4"))
"""SHARD_KILLS=50 is the long form."""


def home(folder: Path, url: str, store: S3Server | None = None, **rollout: object) -> Settings:
    """A home with planned attempts, whose lake is in its own folder, or in a bucket of the store."""
    limits = {"processes": PROCESSES, "max_in_flight": IN_FLIGHT, "max_starts": 99, "tool_workers": 0}
    settings = Settings(
        home=folder,
        teacher=Teacher(engine="vllm", urls=[url], temperature=0.0, retries=5),
        rollout=Rollout.model_validate(limits | rollout),
        lake_address="s3://lake/night" if store else None,
        lake_endpoint_url=store.endpoint if store else None,
    )
    write_wiki_tasks(Lake(settings.lake), DAY, TASKS, samples=1)
    return settings


def processes_of(run: int | None) -> list[psutil.Process]:
    """The processes of shards under the process of a run."""
    try:
        return [one for one in psutil.Process(run).children() if "spawn_main" in " ".join(one.cmdline())]
    except psutil.Error:
        return []


def test_every_task_has_one_owner() -> None:
    shards, tasks = Shard.all_of(3), [f"{number:032x}" for number in range(300)]
    owned = [[task for task in tasks if shard.owns(task)] for shard in shards]
    assert sorted(chain(*owned)) == tasks
    assert min(map(len, owned)) > 70
    assert [shard.share(10) for shard in shards] == [4, 3, 3]


def test_engines_without_servers_work_in_one_process(tmp_path: Path) -> None:
    """Each process would load the model anew."""
    settings = Settings(home=tmp_path, rollout=Rollout(processes=2), teacher=Teacher(engine="embedded"))
    write_wiki_tasks(Lake(settings.lake), DAY, 1, samples=1)
    with pytest.raises(RolloutError, match="processes = 2 needs an engine of servers"):
        roll_out(settings)


@pytest.mark.slow
def test_two_processes_and_a_lake_in_a_bucket_leave_the_rows_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another row, or one that is missing, would make releases depend on the machine that made them."""
    with vllm_process(tmp_path / "one.jsonl", reply) as server:
        one = home(tmp_path / "one", server.url, processes=1)
        alone = roll_out(one)
    with vllm_process(tmp_path / "two.jsonl", reply) as server, moto() as store:
        for name, value in store.environment().items():
            monkeypatch.setenv(name, value)
        store.client().create_bucket(Bucket="lake")
        two = home(tmp_path / "two", server.url, store)
        together = roll_out(two)
        assert everything(two) == everything(one)
        names = {path.stem.split("-")[-2] for path in Lake(two.lake).parts(Trajectory)}
    assert together == alone
    assert {"rollout1", "rollout2"} <= names, "both processes write parts of their own"
    assert left_folders(two.state) == []
    status = read_status(two.state)
    assert status and (status.finished, status.ending) == (TASKS, "done")


def kill_one(dice: random.Random, run: ForkServerProcess) -> bool:
    """Kill the run, or one of its processes; True if the run is gone."""
    victims = processes_of(run.pid)
    if ends_run := not victims or dice.random() < 0.4:
        run.kill()
        run.join()
    else:
        victims = [dice.choice(victims)]
        with suppress(psutil.NoSuchProcess):
            victims[0].kill()
    psutil.wait_procs(victims, timeout=10)
    time.sleep(2 * DELAY_S)  # the server ends their last samples
    return ends_run


@pytest.mark.slow
def test_killed_processes_and_runs_leave_the_rows_of_an_undisturbed_run(tmp_path: Path) -> None:
    """A shard that nobody takes over would be missing from the night; one that two work would be paid for twice."""
    dice, gone = random.Random(int(os.environ.get("KILL_SEED", "1"))), list[float]()
    with vllm_process(tmp_path / "undisturbed.jsonl", reply) as server:
        undisturbed = home(tmp_path / "undisturbed", server.url, processes=1)
        roll_out(undisturbed)
    with vllm_process(tmp_path / "killed.jsonl", reply, delay_s=DELAY_S) as server, ExitStack() as runs:
        counts = [2, 3, 1]
        settings = home(tmp_path / "killed", server.url)
        run = runs.enter_context(starting(settings))
        for _ in range(KILLS):
            wait_for_turns(server, dice.randint(1, 2 * IN_FLIGHT))
            assert run.exitcode is None, "the rollout ended before the last kill"
            ended = kill_one(dice, run)
            gone.append(time.monotonic())
            if ended:
                limits = settings.rollout.model_copy(update={"processes": dice.choice(counts)})
                settings = settings.model_copy(update={"rollout": limits})
                run = runs.enter_context(starting(settings))
        run.join()
        assert run.exitcode == 0
    assert everything(settings) == everything(undisturbed)
    assert_only_turns_in_flight_were_sampled_again(server.sampled(), gone)
    assert_no_finished_turn_was_sampled_again([one.prompt for one in server.sampled()])


@pytest.mark.slow
def test_a_budget_is_that_of_all_processes(tmp_path: Path) -> None:
    """Each process with a budget of its own would spend it as many times as there are processes."""
    with vllm_process(tmp_path / "budget.jsonl", reply, delay_s=SLOW_S) as server:
        settings = home(tmp_path / "budget", server.url, max_tokens=600)
        stopped = roll_out(settings)
        assert str(stopped["stopped"]).startswith("max_tokens 600 reached")
        assert 600 <= int(stopped["sampled_tokens"]) < PROCESSES * 600
        assert left_folders(settings.state) == [], "its attempts wait in the run's own journal"
        unlimited = settings.rollout.model_copy(update={"max_tokens": None, "processes": 1, "max_in_flight": TASKS})
        rest = roll_out(settings.model_copy(update={"rollout": unlimited}))
    assert (rest["finished"], rest["pending"]) == (stopped["pending"], 0)
    assert_no_finished_turn_was_sampled_again([one.prompt for one in server.sampled()])
