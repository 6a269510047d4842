"""Two servers, one dies for good: its trajectories move and go on, and the others never wait for them."""

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
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import Body
from tests.doubles.teachers.scripted import call, open_tiny_dialect, spoken
from tests.doubles.teachers.vllm_process import Sampled, VllmProcess, vllm_process
from tests.flows.rollout.test_kills import DAY, PROBE, everything, task_number
from warehouse.console.progress import silent
from warehouse.lake import Lake

pytestmark = pytest.mark.slow

TASKS = 16
TURNS = 24
DELAY_S = 0.08
WINDOW_S = 0.6


def reply(prompt_ids: list[int], body: Body) -> str:
    """Searches for something else each time, and then answers."""
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


def test_two_servers_one_dying_the_rest_never_stall(tmp_path: Path) -> None:
    """Half of the GPUs would idle while the other half's requests are tried again."""
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
        dying.kill()
        died = time.monotonic()
        run.join()
    assert everything(settings) == everything(undisturbed)
    moved = {number(one) for one in turns(dying)}
    stayed = {number(one) for one in turns(living) if one.at < died}
    assert moved
    assert stayed
    assert not moved & stayed
    assert_none_waited([one for one in turns(living) if number(one) in stayed], died)
    assert_moved_at_once(turns(living), set(moved), stayed, died)
    again = Counter(one.prompt for one in turns(dying) + turns(living))
    assert sum(again.values()) - len(again) <= len(moved)


def wait_for_turns(*servers: VllmProcess) -> None:
    """Until every attempt has a third of its turns, on average."""
    while sum(server.count() for server in servers) < TASKS * TURNS // 3:
        time.sleep(0.01)


def turns(server: VllmProcess) -> list[Sampled]:
    return [one for one in server.sampled() if list(one.prompt) != PROBE]


def number(one: Sampled) -> int:
    return task_number(list(one.prompt))


def assert_none_waited(stayed: list[Sampled], died: float) -> None:
    """As many turns after the death as before it; and all in turn, so that nobody paid for the others."""
    before = [one for one in stayed if died - WINDOW_S <= one.at < died]
    after = [one for one in stayed if died <= one.at < died + WINDOW_S]
    assert len(after) >= len(before) / 2
    waiters = {number(one) for one in stayed}
    for name in waiters:
        places = [place for place, one in enumerate(after) if number(one) == name]
        gaps = [later - place for place, later in pairwise([-1, *places, len(after)])]
        assert max(gaps) <= 4 * len(waiters)


def assert_moved_at_once(living: list[Sampled], moved: set[int], stayed: set[int], died: float) -> None:
    """Each is at work again before any that stayed has done a few more turns."""
    done = Counter[int]()
    for one in living:
        if one.at >= died:
            done[number(one)] += 1
            moved -= {number(one)}
            if not moved:
                break
    assert not moved
    assert max(done[name] for name in stayed) <= 6
