"""One of two servers dies for good: its trajectories resume on the other, whose own trajectories never wait."""

import threading
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from flows.rollout.engines.open import open_teacher
from flows.rollout.run import Factories, run_rollout
from flows.settings import Rollout, Settings, Teacher
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.nights.killed_rollouts import DAY, PROBE, everything, task_number
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import Body
from tests.doubles.teachers.scripted import call, open_tiny_dialect, spoken
from tests.doubles.teachers.vllm_process import Sampled, VllmProcess, vllm_process
from warehouse.console.progress import silent
from warehouse.lake import Lake

pytestmark = pytest.mark.slow

TASKS = 16
TURNS = 24
DELAY_S = 0.08
WINDOW_S = 0.6


def reply(prompt_ids: list[int], body: Body) -> str:
    """Searches with another query in each turn, and then answers."""
    if prompt_ids == PROBE:
        return "Yes."
    prompt = tiny.decode(prompt_ids)
    turn = spoken(prompt)
    if turn < TURNS - 1:
        return call("search", query=f"island {turn + task_number(prompt_ids)}")
    return f"Nothing, seed {body['seed']}"


def home(folder: Path, *servers: VllmProcess) -> Settings:
    settings = Settings(
        home=folder,
        teacher=Teacher(engine="vllm", urls=[one.url for one in servers], temperature=0.0),
        rollout=Rollout(max_in_flight=TASKS, max_observation_chars=100),
    )
    write_wiki_tasks(Lake(settings.lake), DAY, TASKS, samples=1, max_turns=TURNS + 2)
    return settings


def roll_out(settings: Settings) -> None:
    run_rollout(settings, DAY, silent, Factories(open_teacher, open_tiny_dialect))


def test_a_dead_server_never_stalls_the_other(tmp_path: Path) -> None:
    """Half of the GPUs would idle while the other half's requests are retried."""
    with vllm_process(tmp_path / "one.jsonl", reply) as one:
        undisturbed = home(tmp_path / "undisturbed", one)
        roll_out(undisturbed)
    with (
        vllm_process(tmp_path / "dying.jsonl", reply, DELAY_S) as dying,
        vllm_process(tmp_path / "living.jsonl", reply, DELAY_S) as living,
    ):
        settings = home(tmp_path / "home", dying, living)
        run = threading.Thread(target=roll_out, args=(settings,))
        run.start()
        wait_for_turns(dying, living)
        died = time.monotonic()
        dying.kill()
        run.join()
    assert everything(settings) == everything(undisturbed)
    moved = {number(one) for one in turns(dying)}
    stayed = {number(one) for one in turns(living) if one.at < died}
    assert moved
    assert stayed
    assert not moved & stayed
    assert_no_stall([one for one in turns(living) if number(one) in stayed], died)
    assert_moved_at_once(turns(living), set(moved), stayed, died)
    again = Counter(one.prompt for one in turns(dying) + turns(living))
    assert sum(again.values()) - len(again) <= len(moved)


def wait_for_turns(*servers: VllmProcess) -> None:
    """Wait until every attempt has a third of its turns, on average."""
    while sum(server.count() for server in servers) < TASKS * TURNS // 3:
        time.sleep(0.01)


def turns(server: VllmProcess) -> list[Sampled]:
    return [one for one in server.sampled() if list(one.prompt) != PROBE]


def number(one: Sampled) -> int:
    return task_number(list(one.prompt))


def assert_no_stall(stayed: list[Sampled], died: float) -> None:
    """After the death there are at least half as many turns as before it, and the attempts advance evenly."""
    before = [one for one in stayed if died - WINDOW_S <= one.at < died]
    after = [one for one in stayed if died <= one.at < died + WINDOW_S]
    assert len(after) >= len(before) / 2
    attempts = {number(one) for one in stayed}
    for name in attempts:
        places = [place for place, one in enumerate(after) if number(one) == name]
        gaps = [later - place for place, later in pairwise([-1, *places, len(after)])]
        assert max(gaps) <= 4 * len(attempts)


def assert_moved_at_once(living: list[Sampled], moved: set[int], stayed: set[int], died: float) -> None:
    """Each moved attempt has a turn before any other attempt has more than six."""
    done = Counter[int]()
    for one in living:
        if one.at >= died:
            done[number(one)] += 1
            moved -= {number(one)}
            if not moved:
                break
    assert not moved
    assert max(done[name] for name in stayed) <= 6
