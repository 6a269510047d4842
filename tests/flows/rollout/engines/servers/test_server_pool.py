"""Servers busy, silent, dead and back: a session stays where its prefix is, and none is stalled by another's server."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from flows.rollout.engines.servers.health_checks import HealthChecks
from flows.rollout.engines.servers.http_client import HttpClient
from flows.rollout.engines.servers.server_pool import ServerPool, rendezvous_order
from flows.rollout.engines.vllm.metrics import read_load
from flows.rollout.engines.vllm.teacher import connect_vllm
from flows.rollout.protocol import Load, Sampling, Teacher, TeacherError, TeacherRefused
from flows.settings import Settings
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import FakeVllm, fake_vllm

SAMPLING = Sampling(0.7, 0.95, 256, 7, stop_token_ids=(tiny.IM_END,))
PROMPT = tiny.encode("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")
QUICK = HealthChecks(interval_s=0.05, timeout_s=0.3)


@asynccontextmanager
async def teaching(*fakes: FakeVllm, retries: int = 1, checks: HealthChecks = QUICK) -> AsyncIterator[Teacher]:
    chosen = Settings.model_validate({"teacher": {"engine": "vllm", "retries": retries}}).teacher
    async with (
        HttpClient(chosen) as client,
        connect_vllm(client, [fake.url for fake in fakes], chosen, checks=checks) as teacher,
    ):
        yield teacher


async def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline, "never came true"
        await asyncio.sleep(0.01)


def session_of(fake: FakeVllm, *fakes: FakeVllm) -> str:
    """A session that is pinned to this one of the servers."""
    urls = [one.url for one in fakes]
    return next(name for name in map(str, range(100)) if rendezvous_order(urls, name)[0] == fake.url)


async def test_the_load_is_what_the_server_says_of_itself() -> None:
    """Without it the pool would thrash the cache, or leave it empty."""
    with fake_vllm(context=4_096, kv_tokens=8_192, max_running=2, delay_s=0.3) as fake:
        async with teaching(fake) as teacher:
            assert teacher.identity.kv_tokens == 8_192
            work = [asyncio.create_task(teacher.generate([*PROMPT, at], SAMPLING, "s")) for at in range(5)]
            await until(lambda: teacher.loads()[0].waiting == 3)
            assert (teacher.loads()[0].running, teacher.loads()[0].kv_tokens) == (2, 8_192)
            assert teacher.loads()[0].kv_used > 0
            said = await asyncio.gather(*work)
            sampled = sum(len(one.token_ids) for one in said)
            await until(lambda: teacher.loads()[0].sampled_tokens >= sampled)
            assert teacher.loads()[0].prefix_hits < teacher.loads()[0].prefix_queries
            fake.faults.append("429")
            await teacher.generate(PROMPT, SAMPLING, "s")
            assert teacher.loads()[0].refusals == 1


async def test_a_server_without_metrics_teaches_as_well() -> None:
    with fake_vllm(metrics=False) as fake:
        async with teaching(fake) as teacher:
            await teacher.generate(PROMPT, SAMPLING, "s")
            assert teacher.loads() == [Load(fake.url)]
            assert teacher.identity.kv_tokens is None


def test_engines_behind_one_server_are_added_up() -> None:
    """A data-parallel server would else seem to hold the cache of one of its engines."""
    page = b"".join(
        b'vllm:num_requests_running{engine="%(at)d",model_name="m"} 3.0\n'
        b'vllm:num_requests_waiting_by_reason{engine="%(at)d",reason="capacity"} 9.0\n'
        b'vllm:kv_cache_usage_perc{engine="%(at)d",model_name="m"} 0.%(at)d\n'
        b'vllm:generation_tokens_total{engine="%(at)d",model_name="m"} 1.5e+06\n'
        b'vllm:generation_tokens_created{engine="%(at)d",model_name="m"} 1.7e+09\n'
        b'vllm:cache_config_info{block_size="16",engine="%(at)d",kv_cache_size_tokens="1000",num_gpu_blocks="99"} 1.0\n'
        % {b"at": at}
        for at in (2, 8)
    )
    assert read_load(page, Load("u", refusals=2)) == Load(
        "u", kv_tokens=2_000, kv_used=0.5, running=6, sampled_tokens=3_000_000, refusals=2
    )
    blocks = b'vllm:cache_config_info{block_size="128",kv_cache_size_tokens="None",num_gpu_blocks="7"} 1.0\n'
    assert read_load(blocks, Load("u")).kv_tokens == 896


async def test_only_the_sessions_of_a_dead_server_move_and_they_return() -> None:
    """Every session that moves pays for its whole prefix again."""
    with fake_vllm() as one, fake_vllm() as two:
        async with teaching(one, two, retries=0) as teacher:
            mine, other = session_of(one, one, two), session_of(two, one, two)
            one.die()
            said = await asyncio.gather(*(teacher.generate(PROMPT, SAMPLING, mine) for _ in range(20)))
            assert len(said) == 20 and teacher.server(mine) == two.url
            assert [load.up for load in teacher.loads()] == [False, True]
            assert teacher.server(other) == two.url
            one.restart()
            await until(lambda: teacher.server(mine) == one.url)
            assert teacher.server(other) == two.url
            await teacher.generate(PROMPT, SAMPLING, mine)
            assert one.queue.queries > len(PROMPT)


async def test_generations_on_a_server_that_dies_go_on_elsewhere_while_the_rest_never_stall() -> None:
    with fake_vllm(delay_s=0.6) as one, fake_vllm() as two:
        async with teaching(one, two, retries=0) as teacher:
            mine, other = session_of(one, one, two), session_of(two, one, two)
            cut = asyncio.create_task(teacher.generate(PROMPT, SAMPLING, mine))
            await until(lambda: one.in_flight > 0)
            one.die()
            for _ in range(5):
                await teacher.generate(PROMPT, SAMPLING, other)
            await cut


async def test_slow_is_not_dead() -> None:
    """A long generation would be thrown away, and asked for again for ever."""
    with fake_vllm() as fake:
        async with teaching(fake, retries=0) as teacher:
            fake.delay_s = 2.0
            said = await teacher.generate(PROMPT, SAMPLING, "s")
            assert said.finish_reason == "stop" and fake.requests == 2


@pytest.mark.parametrize("health", ["silent", "503"])
async def test_a_generation_is_taken_from_a_server_that_answers_nothing_any_more(health: str) -> None:
    """A machine that hangs keeps its connections open: the attempt would wait for ever."""
    with fake_vllm() as one, fake_vllm() as two:
        async with teaching(one, two, retries=0) as teacher:
            mine, one.delay_s = session_of(one, one, two), 50.0
            hangs = asyncio.create_task(teacher.generate(PROMPT, SAMPLING, mine))
            await until(lambda: one.in_flight > 0)
            one.health = health  # type: ignore[assignment]
            await hangs
            assert teacher.server(mine) == two.url


async def test_a_server_that_comes_back_as_another_model_is_left_out() -> None:
    """Its turns would stand in trajectories under the wrong model's name."""
    with fake_vllm() as one, fake_vllm() as two:
        async with teaching(one, two) as teacher:
            mine = session_of(one, one, two)
            one.die()
            await until(lambda: not teacher.loads()[0].up)
            one.model = "another"
            one.restart()
            await asyncio.sleep(0.3)
            assert teacher.server(mine) == two.url
            one.model = two.model
            await until(lambda: teacher.server(mine) == one.url)


async def test_a_server_that_is_away_at_the_start_joins_later() -> None:
    with fake_vllm() as one, fake_vllm() as two:
        one.die()
        async with teaching(one, two, retries=0) as teacher:
            assert [load.up for load in teacher.loads()] == [False, True]
            one.restart()
            await until(lambda: teacher.loads()[0].up)


async def test_servers_that_are_all_away_are_an_error_that_says_so() -> None:
    with fake_vllm() as one, fake_vllm() as two:
        async with teaching(one, two) as teacher:
            one.die()
            two.die()
            with pytest.raises(TeacherError, match="2 tries"):
                await teacher.generate(PROMPT, SAMPLING, "s")


@dataclass
class Nurse:
    """A keeper of a server that rises by itself."""

    starts: int = 0
    failure: TeacherError | None = None

    def restart(self) -> None: ...


async def test_a_request_that_kills_servers_is_given_up() -> None:
    """One poisonous prompt would else take the teacher from all others, again and again."""
    chosen = Settings().teacher
    with fake_vllm(crashes=True) as fake:
        async with HttpClient(chosen) as client:
            pool = ServerPool(client, [fake.url], {fake.url: Nurse()}, HealthChecks(0.02, 0.3))
            async with pool.monitored():
                with pytest.raises(TeacherRefused, match="may be the cause"):
                    await pool.request("s", "/v1/completions", (b"{}",), lambda raw: raw)


async def test_a_keeper_that_gives_up_ends_the_wait_of_every_request() -> None:
    nurse = Nurse()
    with fake_vllm(delay_s=30) as fake:
        async with HttpClient(Settings().teacher) as client:
            pool = ServerPool(client, [fake.url], {fake.url: nurse}, HealthChecks(0.02, 0.3))
            body = b'{"prompt":[1],"max_tokens":1}'
            async with pool.monitored():
                asked = [asyncio.create_task(pool.request("s", "/v1/completions", (body,), len)) for _ in range(3)]
                await until(lambda: fake.in_flight == 3)
                fake.die()
                await asyncio.sleep(0.2)
                assert not any(one.done() for one in asked), "they wait while it is started again"
                nurse.failure = TeacherError("died too often")
                ended = await asyncio.gather(*asked, return_exceptions=True)
    assert ended == [nurse.failure] * 3
