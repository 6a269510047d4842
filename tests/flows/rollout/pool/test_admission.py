"""Admission: contexts in flight stay within the servers' KV caches, and every attempt ends."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.rollout.pool.admission import Admission, Stopped
from flows.rollout.pool.kv_budget import MIN_THROTTLE
from flows.rollout.protocol import Completion, Identity, Sampling
from flows.rollout.server_load import Load


@dataclass
class TeacherWithLoads:
    """A teacher whose servers report the loads that a test sets; it cannot generate."""

    servers: list[Load]
    identity: Identity = field(default_factory=lambda: Identity("scripted", "1", "scripted", None, 32_768))

    def server(self, session: str) -> str:
        up = [load.server for load in self.servers if load.up]
        return up[sum(session.encode()) % len(up)]

    def loads(self) -> list[Load]:
        return list(self.servers)

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        raise NotImplementedError

    async def encode(self, text: str) -> list[int]:
        raise NotImplementedError

    async def decode(self, token_ids: Sequence[int]) -> str:
        raise NotImplementedError


async def request(admission: Admission, session: str, tokens: int, expected: int) -> "asyncio.Task[None]":
    admitting = asyncio.create_task(admission.admit(session, tokens, expected))
    await asyncio.sleep(0)
    return admitting


async def test_contexts_that_do_not_fit_wait_until_others_are_released() -> None:
    """With more contexts than the cache holds, every turn would compute its whole prompt again."""
    admission = Admission(TeacherWithLoads([Load("a", kv_tokens=1_000)]), max_attempts=64, kv_share=1.0)
    first = await request(admission, "first", 600, 600)
    second = await request(admission, "second", 600, 600)
    assert first.done() and not second.done()
    assert (admission.admitted, admission.waiting) == (1, 1)
    admission.release("first")
    await second


async def test_a_context_larger_than_the_cache_is_admitted_alone() -> None:
    """A long attempt on a small server is slow, but must not wait for ever."""
    admission = Admission(TeacherWithLoads([Load("a", kv_tokens=100)]), max_attempts=64, kv_share=0.5)
    await asyncio.wait_for(admission.admit("long", 5_000, 9_000), 5)
    await asyncio.wait_for(admission.grow("long", 6_000), 5)


async def test_the_youngest_waits_when_contexts_outgrow_the_cache_and_is_readmitted_first() -> None:
    """If the oldest waited, the largest contexts would be computed again and no attempt would end."""
    admission = Admission(TeacherWithLoads([Load("a", kv_tokens=1_000)]), max_attempts=64, kv_share=1.0)
    for session in ("old", "young"):
        await admission.admit(session, 300, 300)
    new = await request(admission, "new", 800, 800)
    await admission.grow("old", 800)
    waiting = asyncio.create_task(admission.grow("young", 310))
    await asyncio.sleep(0)
    assert not waiting.done() and not new.done()
    admission.release("old")
    await waiting
    assert not new.done()
    admission.release("young")
    await new


async def test_attempts_of_a_full_server_do_not_block_those_of_another() -> None:
    """One shared queue would leave the other servers idle."""
    admission = Admission(
        TeacherWithLoads([Load("a", kv_tokens=100), Load("b", kv_tokens=100)]), max_attempts=64, kv_share=1.0
    )
    on_a = [name for name in "abcdefgh" if sum(name.encode()) % 2 == 0]
    on_b = [name for name in "abcdefgh" if sum(name.encode()) % 2 == 1]
    requests = [await request(admission, name, 90, 90) for name in [*on_a[:2], on_b[0]]]
    assert [one.done() for one in requests] == [True, False, True]
    for one in requests:
        one.cancel()


async def test_the_queue_of_a_dead_server_moves_to_the_server_that_replaces_it() -> None:
    """Otherwise its attempts would wait until the run ends."""
    teacher = TeacherWithLoads([Load("a", kv_tokens=100), Load("b", kv_tokens=100)])
    admission = Admission(teacher, max_attempts=64, kv_share=1.0)
    names = [name for name in "abcdefgh" if sum(name.encode()) % 2 == 0][:2]
    first, second = [await request(admission, name, 90, 90) for name in names]
    assert not second.done()
    teacher.servers = [replace(teacher.servers[0], up=False), teacher.servers[1]]
    admission.observe()
    await asyncio.wait_for(second, 5)
    moving = asyncio.create_task(admission.grow(names[0], 95))
    await asyncio.sleep(0)
    assert first.done() and not moving.done()
    admission.release(names[1])
    await asyncio.wait_for(moving, 5)


@pytest.mark.parametrize("overload", [{"refusals": 1}, {"preemptions": 1}, {"waiting": 500}])
async def test_an_overloaded_server_gets_fewer_attempts_and_later_more_again(overload: dict[str, Any]) -> None:
    """An overloaded server preempts requests and discards their computed tokens."""
    teacher = TeacherWithLoads([Load("a", kv_tokens=10**9, running=10)])
    admission = Admission(teacher, max_attempts=100, kv_share=1.0)
    for number in range(100):
        await admission.admit(str(number), 1, 1)
    teacher.servers = [replace(teacher.servers[0], **overload)]
    admission.observe()
    admission.observe()
    assert 70 <= admission.limit <= 85
    teacher.servers = [replace(teacher.servers[0], waiting=0)]
    for _ in range(60):
        admission.observe()
    assert admission.limit == 100


async def test_a_stop_ends_all_queued_attempts_and_every_next_turn() -> None:
    """After a spent budget, no further token may be sampled."""
    admission = Admission(TeacherWithLoads([Load("a", kv_tokens=100)]), max_attempts=64, kv_share=1.0)
    await admission.admit("admitted", 90, 90)
    queued = await request(admission, "queued", 90, 90)
    admission.stop("budget")
    for ending in (queued, admission.grow("admitted", 95), admission.admit("late", 1, 1)):
        with pytest.raises(Stopped, match="budget"):
            await ending


Moves = st.lists(st.tuples(st.integers(0, 11), st.integers(1, 400)), max_size=60)


@given(moves=Moves, capacity=st.integers(50, 3_000), overloads=st.lists(st.booleans(), max_size=5))
def test_claims_stay_in_bounds_and_every_attempt_ends(
    moves: list[tuple[int, int]], capacity: int, overloads: list[bool]
) -> None:
    """An attempt that is never admitted again loses all the tokens that it has cost."""

    async def run_all() -> None:
        teacher = TeacherWithLoads([Load("a", kv_tokens=capacity)])
        admission = Admission(teacher, max_attempts=8, kv_share=1.0)
        grown: dict[int, list[int]] = {}
        for number, tokens in moves:
            grown.setdefault(number, []).append(tokens)

        async def work(number: int) -> None:
            session, tokens = str(number), 0
            await admission.admit(session, 0, sum(grown[number]))
            for added in grown[number]:
                tokens += added
                await admission.grow(session, tokens)
                assert admission.admitted <= 8
                await asyncio.sleep(0)
            admission.release(session)

        working = asyncio.gather(*(work(number) for number in grown))
        for overloaded in overloads:
            await asyncio.sleep(0)
            teacher.servers = [replace(teacher.servers[0], preemptions=teacher.servers[0].preemptions + overloaded)]
            admission.observe()
        await asyncio.wait_for(working, 10)
        assert (admission.admitted, admission.waiting) == (0, 0)
        budget = admission._budgets["a"]
        assert (budget.claimed, budget.used) == (0, 0) and budget.throttle >= MIN_THROTTLE

    asyncio.run(run_all())
