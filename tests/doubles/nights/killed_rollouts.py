"""A rollout against a fake server, started and killed by tests, and the proofs that no kill cost a turn twice."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from multiprocessing.context import ForkServerProcess
from typing import Any

from flows.rollout.engines.open import open_teacher
from flows.rollout.run import Counts, Factories, run_rollout
from flows.settings import Settings
from schemas import Trajectory, Turn, Verdict
from tests.doubles.lakes.wiki_tasks import reading
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import Body
from tests.doubles.teachers.scripted import call, open_tiny_dialect, spoken
from tests.doubles.teachers.vllm_process import CONTEXT, Sampled, VllmProcess
from tests.flows.rollout.timeless import timeless_rows as rows
from warehouse.console.progress import silent

DAY = date(2026, 1, 2)
IN_FLIGHT = 4
PROBE = [1, 2, 3]
"""The prompt of the teacher's handshake with a server."""
CONTEXT.set_forkserver_preload(["pytest", __name__, "tests.flows.rollout.warmed"])


def reply(prompt_ids: list[int], body: Body) -> str:
    """Searches a few times, more in some tasks than in others, then reads the page and answers."""
    if prompt_ids == PROBE:
        return "Yes."
    prompt = tiny.decode(prompt_ids)
    number = task_number(prompt_ids)
    turn, extra = spoken(prompt), number % 7
    if number % 9 == 4:
        return call("search", query="the same")
    if turn < extra:
        return f"<think>{body['seed']}</think>" + call("search", query=f"island {turn + number}")
    start = prompt.index("<|im_start|>assistant")
    skipped = [place.start() for place in re.finditer(r"<\|im_start\|>assistant", prompt)]
    return reading(prompt[:start] + prompt[skipped[extra] :], int(body["seed"]))


def task_number(prompt_ids: list[int]) -> int:
    found = re.search(r"\((\d+)\)", tiny.decode(prompt_ids))
    assert found
    return int(found[1])


def roll_out(settings: Settings) -> Counts:
    return run_rollout(settings, DAY, silent, Factories(open_teacher, open_tiny_dialect))


@contextmanager
def starting(settings: Settings) -> Iterator[ForkServerProcess]:
    """Run the rollout in a process of its own, which is killed at the end of the block if it still runs."""
    process = CONTEXT.Process(target=roll_out, args=(settings,))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def everything(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    return {
        "trajectory": rows(settings, Trajectory, "trajectory_id"),
        "turn": rows(settings, Turn, "trajectory_id", "index"),
        "verdict": rows(settings, Verdict, "trajectory_id", "turn_index", "verifier"),
    }


def wait_for_turns(server: VllmProcess, further: int, most_s: float = 30) -> None:
    """Wait until the server has sampled so many turns more, or for `most_s` seconds."""
    enough, begun = server.count() + further, time.monotonic()
    while server.count() < enough and time.monotonic() - begun < most_s:
        time.sleep(0.002)


def assert_only_turns_in_flight_were_sampled_again(sampled: list[Sampled], gone: list[float]) -> None:
    """Each repeated prompt follows a kill, and no kill causes more repeats than turns were in flight."""
    repeats, last = Counter[float](), dict[tuple[int, ...], float]()
    for one in sampled:
        if list(one.prompt) != PROBE and one.prompt in last:
            repeats[next(at for at in gone if last[one.prompt] <= at <= one.at)] += 1
        last[one.prompt] = one.at
    assert max(repeats.values(), default=0) <= IN_FLIGHT


def assert_no_finished_turn_was_sampled_again(prompts: list[tuple[int, ...]]) -> None:
    """A prompt contains all finished turns, so no prompt of a trajectory may be shorter than an earlier one."""
    longest: dict[int, int] = {}
    for prompt in prompts:
        if list(prompt) != PROBE:
            number, length = task_number(list(prompt)), len(prompt)
            assert length >= longest.get(number, 0)
            longest[number] = length
