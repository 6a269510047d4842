"""The same night on one machine, on a Ray cluster, and with its lake in a bucket: the same rows and releases.

A team that grows past one machine can trust its releases only if the place of the work leaves no trace in them, also
where machines, processes and the store fail while it is done.
"""

import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec

import pytest

from flows.refine.cluster_prepare import FEWEST_PARTS
from schemas import Turn
from tests.doubles.nights.failures import NODES, Failures
from tests.doubles.nights.line_world import Scholar, World
from tests.doubles.nights.places import (
    BUCKET,
    CONTEXT,
    RUNS,
    Place,
    Places,
    Prompts,
    assert_only_turns_in_flight_were_sampled_again,
    assert_same_night,
)
from tests.doubles.ray_cluster import small_cluster
from tests.doubles.sites.wiki_site import wiki_site
from tests.doubles.solver import Solver
from tests.doubles.stores.faulty_s3 import faulty
from tests.doubles.stores.s3 import SeaweedProcess, seaweed_process
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import fake_vllm

KILLS = int(os.environ.get("SCALE_KILLS", "3"))
"""SCALE_KILLS=50 is the long form."""
MOST_OF_STAGE = -(-KILLS // 6)
"""Most failures before, in, or after the rollout of a night, so that each night gets through."""
KILL_EVERY_S = (1.0, 8.0)
ENOUGH_S = 400
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900 + 60 * KILLS),  # the processes of three nodes and their workers share one machine
    pytest.mark.xdist_group("ray"),
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra `ray` is not installed"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedProcess]:
    with seaweed_process(tmp_path_factory.mktemp("store")) as store, pytest.MonkeyPatch.context() as patch:
        for name, value in store.server.environment().items():
            patch.setenv(name, value)
        store.server.client().create_bucket(Bucket=BUCKET)
        yield store


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, store: SeaweedProcess) -> Iterator[Places]:
    """The cluster starts after the store, whose keys its workers need."""
    folder = tmp_path_factory.mktemp("places")
    tiny.save(folder / "tokenizer")
    scholar = Scholar(others=Solver(folder / "here"))
    settings = {"delay_s": 0.05, "context": CONTEXT, "kv_tokens": 0, "exchanges": Prompts()}
    with ExitStack() as stack:
        site = stack.enter_context(wiki_site())
        teacher = stack.enter_context(fake_vllm(reply=scholar, **settings))
        cluster = stack.enter_context(small_cluster(NODES))
        yield Places(World(folder, site, teacher, scholar), cluster, store.server)


@pytest.fixture(scope="module")
def here(places: Places) -> Place:
    """The night on one machine, in one process, with the lake on its disk."""
    place = places.home("here")
    assert place.start().wait(ENOUGH_S) == 0, place.log()
    assert len(place.lake.parts(Turn)) > FEWEST_PARTS, "the cluster would not be used"
    return place


@pytest.mark.parametrize(("name", "ray", "bucket"), [("ray", True, False), ("bucket", False, True)])
def test_a_night_elsewhere_is_the_night_of_one_machine(
    name: str, ray: bool, bucket: bool, places: Places, here: Place
) -> None:
    """A release that depends on the number of machines, or on the lake's store, cannot be made again."""
    endpoint = places.store.endpoint if bucket else ""
    place = places.home(name, processes=2, ray=ray, endpoint=endpoint)
    assert place.start().wait(ENOUGH_S) == 0, place.log()
    assert_same_night(place, here)


def test_failures_at_random_moments_change_no_row_and_sample_no_finished_turn_again(
    places: Places, here: Place, store: SeaweedProcess
) -> None:
    """On some night a machine, a process or the store fails: it must cost time, and neither rows nor paid turns."""
    failures = Failures(random.Random(os.environ.get("KILL_SEED", "1")), places.cluster, store)
    prompts, nights = prompts_of(places), 0
    expected = set(prompts.seen)
    with faulty(store.server.endpoint, share=0.05) as proxy:
        while failures.done.total() < KILLS:
            prompts.seen.clear()
            place = places.home(f"failing{nights}", processes=2, ray=True, endpoint=proxy.endpoint)
            ends = finish(place, failures, prompts)
            nights += 1
            assert_same_night(place, here, but=RUNS)
            assert_only_turns_in_flight_were_sampled_again(prompts.seen, expected, ends)
    print(f"{dict(failures.done)} in {nights} nights; requests of the store: {dict(proxy.seen)}")


def prompts_of(places: Places) -> Prompts:
    prompts = places.world.teacher.exchanges
    assert isinstance(prompts, Prompts)
    return prompts


def finish(place: Place, failures: Failures, prompts: Prompts) -> list[int]:
    """Start the night until it ends by itself, while failures happen; returns the prompts sampled before each."""
    ends, night, struck = list[int](), place.start(), Counter[str]()
    while True:
        try:
            code = night.wait(failures.dice.uniform(*KILL_EVERY_S))
        except subprocess.TimeoutExpired:
            stage = place.stage()
            if failures.done.total() == KILLS or struck[stage] == MOST_OF_STAGE:
                continue
            failures.strike(place, night)
            struck[stage] += 1
        else:
            if code == 0:
                return ends
            assert len(ends) <= 2 * failures.done.total(), f"it fails without a failure: {place.log()}"
            night = place.start()
        ends.append(len(prompts.seen))
