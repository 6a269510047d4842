"""SIGKILL at any moment: the next run resumes, samples no finished turn again, and ends with the same rows."""

import os
import random
import signal
import time
from collections import Counter
from contextlib import ExitStack
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest

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
from tests.doubles.teachers.fake_vllm import Body, FakeVllm, Fault, fake_vllm
from tests.doubles.teachers.vllm_process import VllmProcess, vllm_process
from tests.flows.rollout.timeless import timeless_rows as rows
from warehouse.connect import connect
from warehouse.lake import Lake

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("SERVER_KILLS", "12"))
"""SERVER_KILLS=100 is the long form."""
VICTIMS = ("server", "server", "server", "flow", "flow and server")
TASKS = 80


def home(folder: Path, url: str, retries: int = 5) -> Settings:
    settings = Settings(
        home=folder,
        teacher=Teacher(engine="vllm", urls=[url], temperature=0.0, retries=retries),
        rollout=Rollout(max_in_flight=IN_FLIGHT, max_starts=99, tool_workers=0),
    )
    write_wiki_tasks(Lake(settings.lake), DAY, TASKS, samples=1)
    return settings


def kill(victims: str, server: VllmProcess, flow: ForkServerProcess) -> float:
    """Send SIGKILL to the victims; return the time at which all of them were gone."""
    if "flow" in victims:
        flow.kill()
    if "server" in victims:
        server.kill()
    flow.join(None if "flow" in victims else 0)
    return time.monotonic()


def wait_at_random(server: VllmProcess, dice: random.Random) -> None:
    """Wait for a random time, or until a random number of further turns are sampled."""
    if dice.random() < 0.5:
        time.sleep(dice.uniform(0, 0.3))
        return
    wait_for_turns(server, dice.randint(1, IN_FLIGHT), most_s=3)
    time.sleep(dice.uniform(0, 0.03))


def test_server_flow_and_both_killed_often_leave_the_rows_of_an_undisturbed_run(tmp_path: Path) -> None:
    """On failing machines a run could sample turns twice, lose some, or store others than were sampled."""
    dice, kills, gone = random.Random(int(os.environ.get("KILL_SEED", "1"))), Counter[str](), list[float]()
    with vllm_process(tmp_path / "undisturbed.jsonl", reply) as server:
        undisturbed = home(tmp_path / "undisturbed", server.url)
        roll_out(undisturbed)
    with vllm_process(tmp_path / "killed.jsonl", reply, delay_s=0.05) as server, ExitStack() as flows:
        killed = home(tmp_path / "killed", server.url)
        flow = flows.enter_context(starting(killed))
        for _ in range(KILLS):
            wait_at_random(server, dice)
            assert flow.exitcode is None, "the rollout ended before the last kill"
            victims = dice.choice(VICTIMS)
            gone.append(kill(victims, server, flow))
            kills[victims] += 1
            if "server" in victims:
                server.start()
            if "flow" in victims:
                flow = flows.enter_context(starting(killed))
        flow.join()
        assert flow.exitcode == 0
    print(f"kills: {dict(kills)}, {server.count()} turns sampled")

    assert everything(killed) == everything(undisturbed)
    assert len({row["status"] for row in everything(killed)["trajectory"]}) == 2
    assert_only_turns_in_flight_were_sampled_again(server.sampled(), gone)
    assert_no_finished_turn_was_sampled_again([one.prompt for one in server.sampled()])
    assert_all_adds_up(killed)


def test_ctrl_c_stops_soon_and_finished_trajectories_can_be_queried(tmp_path: Path) -> None:
    with fake_vllm(reply=reply, delay_s=0.05, kv_tokens=0) as fake:
        undisturbed = home(tmp_path / "undisturbed", fake.url)
        roll_out(undisturbed)
        stopped = home(tmp_path / "stopped", fake.url)
        fake.exchanges.clear()
        with starting(stopped) as process:
            while len(fake.exchanges) < 100:
                time.sleep(0.01)
            os.kill(process.pid or 0, signal.SIGINT)
            process.join(20)
            assert process.exitcode == 1
        assert 0 < len(rows(stopped, Trajectory, "trajectory_id")) < TASKS
        roll_out(stopped)
    assert everything(stopped) == everything(undisturbed)
    assert_no_finished_turn_was_sampled_again(prompts(fake))


FAULTS: list[Fault] = [
    "bad_json",
    "no_ids",
    "500",
    "cut",
    "cut_body",
    "short_logprobs",
    "wrong_prompt_ids",
    "no_choices",
]


class DamagedReplies:
    """Replies as usual, but has three replies after the thirtieth damaged."""

    def __init__(self, fake: FakeVllm, fault: Fault) -> None:
        self.fake, self.fault, self.requests = fake, fault, 0

    def __call__(self, prompt_ids: list[int], body: Body) -> str:
        self.requests += 1
        if 30 < self.requests <= 33:
            self.fake.faults.append(self.fault)
        return reply(prompt_ids, body)


def test_unusable_replies_never_lose_a_turn_or_change_a_row(tmp_path: Path) -> None:
    """Each one aborts its attempt here, and the next run resumes at the turn that it had reached."""
    with fake_vllm(reply=reply, kv_tokens=0) as fake:
        undisturbed = home(tmp_path / "undisturbed", fake.url)
        roll_out(undisturbed)
        fake.exchanges.clear()
        failing = home(tmp_path / "failing", fake.url, retries=0)
        for fault in FAULTS:
            fake.reply = DamagedReplies(fake, fault)
            roll_out(failing)
        fake.reply = reply
        fake.faults.clear()
        roll_out(failing)
    assert everything(failing) == everything(undisturbed)
    assert_no_finished_turn_was_sampled_again(prompts(fake))


def prompts(fake: FakeVllm) -> list[tuple[int, ...]]:
    """Return the prompts of all completions, in order."""
    return [one.prompt_ids for one in fake.exchanges]


def assert_all_adds_up(settings: Settings) -> None:
    with connect(Lake(settings.lake)) as con:
        counts = [con.sql(f"select count(*), count(distinct trajectory_id) from {view}").fetchall()[0]
                  for view in ("attempts", "trajectories")]  # fmt: skip
    assert counts == [(TASKS, TASKS)] * 2
