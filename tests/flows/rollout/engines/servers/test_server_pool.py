"""The server pool: load, failover and health checks of servers that are slow, overloaded, silent, dead or back."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
import pytest

from flows.rollout.engines.servers.health_checks import HealthChecks
from flows.rollout.engines.servers.http_client import HttpClient
from flows.rollout.engines.servers.http_errors import GenerationAborted
from flows.rollout.engines.servers.server_pool import ServerPool, rendezvous_order
from flows.rollout.engines.vllm.metrics import read_load
from flows.rollout.engines.vllm.teacher import connect_vllm
from flows.rollout.protocol import Sampling, Teacher, TeacherError, TeacherRefused
from flows.rollout.server_load import Load
from flows.settings import Settings
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import FakeVllm, fake_vllm

SAMPLING = Sampling(0.7, 0.95, 256, 7, stop_token_ids=(tiny.IM_END,))
PROMPT = tiny.encode("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")
QUICK = HealthChecks(interval_s=0.05, timeout_s=0.3)


@asynccontextmanager
async def teaching(*fakes: FakeVllm, retries: int = 1, checks: HealthChecks = QUICK) -> AsyncIterator[Teacher]:
    settings = Settings.model_validate({"teacher": {"engine": "vllm", "retries": retries}}).teacher
    async with (
        HttpClient(settings) as client,
        connect_vllm(client, [fake.url for fake in fakes], settings, checks=checks) as teacher,
    ):
        yield teacher


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true"
        await asyncio.sleep(0.01)


def session_of(fake: FakeVllm, *fakes: FakeVllm) -> str:
    """A session whose first server is this one."""
    urls = [one.url for one in fakes]
    return next(name for name in map(str, range(100)) if rendezvous_order(urls, name)[0] == fake.url)


async def test_the_load_comes_from_the_metrics() -> None:
    """Without the load the trajectory pool would thrash the KV cache, or leave it empty."""
    with fake_vllm(context=4_096, kv_tokens=8_192, max_running=2, delay_s=0.3) as fake:
        async with teaching(fake) as teacher:
            assert teacher.identity.kv_tokens == 8_192
            work = [asyncio.create_task(teacher.generate([*PROMPT, at], SAMPLING, "s")) for at in range(5)]
            await until(lambda: teacher.loads()[0].waiting == 3)
            assert (teacher.loads()[0].running, teacher.loads()[0].kv_tokens) == (2, 8_192)
            assert teacher.loads()[0].kv_used > 0
            completions = await asyncio.gather(*work)
            sampled = sum(len(one.token_ids) for one in completions)
            await until(lambda: teacher.loads()[0].sampled_tokens >= sampled)
            assert teacher.loads()[0].prefix_hits < teacher.loads()[0].prefix_queries
            fake.faults.append("429")
            await teacher.generate(PROMPT, SAMPLING, "s")
            assert teacher.loads()[0].refusals == 1


async def test_a_server_without_metrics_is_usable() -> None:
    with fake_vllm(metrics=False) as fake:
        async with teaching(fake) as teacher:
            await teacher.generate(PROMPT, SAMPLING, "s")
            assert teacher.loads() == [Load(fake.url)]
            assert teacher.identity.kv_tokens is None


def test_loads_of_the_engines_behind_one_server_are_summed() -> None:
    """A data-parallel server would otherwise seem to have the KV cache of one engine."""
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


async def test_only_sessions_of_a_dead_server_move_and_later_return() -> None:
    """A session that moves must compute its whole prefix again."""
    with fake_vllm() as one, fake_vllm() as two:
        async with teaching(one, two, retries=0) as teacher:
            mine, other = session_of(one, one, two), session_of(two, one, two)
            one.die()
            completions = await asyncio.gather(*(teacher.generate(PROMPT, SAMPLING, mine) for _ in range(20)))
            assert len(completions) == 20 and teacher.server(mine) == two.url
            assert [load.up for load in teacher.loads()] == [False, True]
            assert teacher.server(other) == two.url
            one.restart()
            await until(lambda: teacher.server(mine) == one.url)
            assert teacher.server(other) == two.url
            await teacher.generate(PROMPT, SAMPLING, mine)
            assert one.queue.queries > len(PROMPT)


async def test_generations_of_a_dying_server_move_and_the_others_do_not_stall() -> None:
    with fake_vllm(delay_s=0.6) as one, fake_vllm() as two:
        async with teaching(one, two, retries=0) as teacher:
            mine, other = session_of(one, one, two), session_of(two, one, two)
            cut = asyncio.create_task(teacher.generate(PROMPT, SAMPLING, mine))
            await until(lambda: one.in_flight > 0)
            one.die()
            for _ in range(5):
                await teacher.generate(PROMPT, SAMPLING, other)
            await cut


async def test_a_slow_server_is_not_taken_for_dead() -> None:
    """A long generation would be dropped and repeated for ever."""
    with fake_vllm() as fake:
        async with teaching(fake, retries=0) as teacher:
            fake.delay_s = 2.0
            completion = await teacher.generate(PROMPT, SAMPLING, "s")
            assert completion.finish_reason == "stop" and fake.requests == 2


@pytest.mark.parametrize("health", ["silent", "503"])
async def test_a_generation_moves_away_from_a_server_that_hangs(health: str) -> None:
    """A machine that hangs keeps its connections open, so the attempt would wait for ever."""
    with fake_vllm() as one, fake_vllm() as two:
        async with teaching(one, two, retries=0) as teacher:
            mine, one.delay_s = session_of(one, one, two), 50.0
            hangs = asyncio.create_task(teacher.generate(PROMPT, SAMPLING, mine))
            await until(lambda: one.in_flight > 0)
            one.health = health  # type: ignore[assignment]
            await hangs
            assert teacher.server(mine) == two.url


async def test_a_server_that_comes_back_with_another_model_is_not_used() -> None:
    """Its turns would be recorded under the wrong model's name."""
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


async def test_a_server_that_is_down_at_the_start_joins_later() -> None:
    with fake_vllm() as one, fake_vllm() as two:
        one.die()
        async with teaching(one, two, retries=0) as teacher:
            assert [load.up for load in teacher.loads()] == [False, True]
            one.restart()
            await until(lambda: teacher.loads()[0].up)


async def test_an_error_after_all_servers_died_gives_the_number_of_tries() -> None:
    with fake_vllm() as one, fake_vllm() as two:
        async with teaching(one, two) as teacher:
            one.die()
            two.die()
            with pytest.raises(TeacherError, match="2 tries"):
                await teacher.generate(PROMPT, SAMPLING, "s")


@dataclass
class SelfRestarting:
    """A supervisor of a server that restarts itself."""

    starts: int = 0
    failure: TeacherError | None = None

    def restart(self) -> None: ...


async def test_a_request_that_kills_servers_is_refused() -> None:
    """One such prompt would otherwise take the teacher from all other attempts again and again."""
    settings = Settings().teacher
    with fake_vllm(crashes=True) as fake:
        async with HttpClient(settings) as client:
            pool = ServerPool(client, [fake.url], {fake.url: SelfRestarting()}, HealthChecks(0.02, 0.3))
            async with pool.monitored():
                with pytest.raises(TeacherRefused, match="may be the cause"):
                    await pool.request("s", "/v1/completions", (b"{}",), lambda raw: raw)


async def test_aborts_of_a_server_that_shuts_down_are_not_tries() -> None:
    """A long generation that met one shutdown per try would end as a failure of its attempt."""
    with fake_vllm() as fake:
        async with HttpClient(Settings().teacher.model_copy(update={"retries": 1})) as client:
            pool = ServerPool(client, [fake.url], {fake.url: SelfRestarting()}, HealthChecks(0.02, 0.3))
            async with pool.monitored():
                body, aborted = b'{"prompt":[1],"max_tokens":9,"return_token_ids":true,"logprobs":0}', list[bytes]()

                def read(raw: bytes) -> bytes:
                    if orjson.loads(raw)["choices"][0]["finish_reason"] == "abort":
                        aborted.append(raw)
                        raise GenerationAborted("cut", 4)
                    return raw

                fake.faults.extend(["abort"] * 3)
                waiting = asyncio.create_task(pool.request("s", "/v1/completions", (body,), read))
                while len(aborted) < 3:
                    before = len(aborted)
                    await until(lambda: len(aborted) > before)  # noqa: B023
                    fake.die()
                    await until(lambda: not pool.loads()[0].up)
                    fake.restart()
                assert await waiting
                assert pool.loads()[0].discarded_tokens == 12


async def test_the_failure_of_a_supervisor_ends_the_wait_of_every_request() -> None:
    supervisor = SelfRestarting()
    with fake_vllm(delay_s=30) as fake:
        async with HttpClient(Settings().teacher) as client:
            pool = ServerPool(client, [fake.url], {fake.url: supervisor}, HealthChecks(0.02, 0.3))
            body = b'{"prompt":[1],"max_tokens":1}'
            async with pool.monitored():
                waiting = [asyncio.create_task(pool.request("s", "/v1/completions", (body,), len)) for _ in range(3)]
                await until(lambda: fake.in_flight == 3)
                fake.die()
                await asyncio.sleep(0.2)
                assert not any(one.done() for one in waiting), "requests wait during the restart"
                supervisor.failure = TeacherError("died too often")
                ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert ended == [supervisor.failure] * 3
