"""Admission: contexts in flight stay under what the servers hold, and nobody waits for ever."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.rollout.pool.admission import Admission, Stopped
from flows.rollout.pool.kv_budget import LEAST_THROTTLE
from flows.rollout.protocol import Completion, Identity, Load, Sampling


@dataclass
class Told:
    """A teacher that says of its servers what the test wants."""

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


async def let_in(admission: Admission, session: str, tokens: int, expected: int) -> "asyncio.Task[None]":
    entering = asyncio.create_task(admission.enter(session, tokens, expected))
    await asyncio.sleep(0)
    return entering


async def test_contexts_that_do_not_fit_wait_until_others_leave() -> None:
    """With more contexts than the cache holds, every turn would pay for its whole prompt again."""
    admission = Admission(Told([Load("a", kv_tokens=1_000)]), most=64, kv_share=1.0)
    first = await let_in(admission, "first", 600, 600)
    second = await let_in(admission, "second", 600, 600)
    assert first.done() and not second.done()
    assert (admission.inside, admission.waiting) == (1, 1)
    admission.leave("first")
    await second


async def test_one_context_larger_than_the_cache_still_works() -> None:
    """A long attempt on a small server must be slow, not stuck."""
    admission = Admission(Told([Load("a", kv_tokens=100)]), most=64, kv_share=0.5)
    await asyncio.wait_for(admission.enter("long", 5_000, 9_000), 5)
    await asyncio.wait_for(admission.stay("long", 6_000), 5)


async def test_the_youngest_steps_aside_when_contexts_outgrow_the_cache_and_comes_back_first() -> None:
    """If the oldest stepped aside, the most tokens would be paid for again and nothing would end."""
    admission = Admission(Told([Load("a", kv_tokens=1_000)]), most=64, kv_share=1.0)
    for session in ("old", "young"):
        await admission.enter(session, 300, 300)
    new = await let_in(admission, "new", 800, 800)
    await admission.stay("old", 800)
    stepping_aside = asyncio.create_task(admission.stay("young", 310))
    await asyncio.sleep(0)
    assert not stepping_aside.done() and not new.done()
    admission.leave("old")
    await stepping_aside
    assert not new.done()
    admission.leave("young")
    await new


async def test_attempts_of_a_full_server_do_not_hold_up_those_of_another() -> None:
    """One full queue would leave the other servers idle."""
    admission = Admission(Told([Load("a", kv_tokens=100), Load("b", kv_tokens=100)]), most=64, kv_share=1.0)
    on_a = [name for name in "abcdefgh" if sum(name.encode()) % 2 == 0]
    on_b = [name for name in "abcdefgh" if sum(name.encode()) % 2 == 1]
    entering = [await let_in(admission, name, 90, 90) for name in [*on_a[:2], on_b[0]]]
    assert [one.done() for one in entering] == [True, False, True]
    for one in entering:
        one.cancel()


async def test_who_waits_for_a_server_that_died_is_let_in_at_the_one_that_stands_in() -> None:
    """Else a death would strand attempts until the night ends."""
    told = Told([Load("a", kv_tokens=100), Load("b", kv_tokens=100)])
    admission = Admission(told, most=64, kv_share=1.0)
    names = [name for name in "abcdefgh" if sum(name.encode()) % 2 == 0][:2]
    first, second = [await let_in(admission, name, 90, 90) for name in names]
    assert not second.done()
    told.servers = [replace(told.servers[0], up=False), told.servers[1]]
    admission.observe()
    await asyncio.wait_for(second, 5)
    moving = asyncio.create_task(admission.stay(names[0], 95))
    await asyncio.sleep(0)
    assert first.done() and not moving.done()
    admission.leave(names[1])
    await asyncio.wait_for(moving, 5)


@pytest.mark.parametrize("strain", [{"refusals": 1}, {"preemptions": 1}, {"waiting": 500}])
async def test_a_server_that_strains_gets_fewer_at_once_and_later_more_again(strain: dict[str, Any]) -> None:
    """A server pushed past its limit throws away what it computed."""
    told = Told([Load("a", kv_tokens=10**9, running=10)])
    admission = Admission(told, most=100, kv_share=1.0)
    for number in range(100):
        await admission.enter(str(number), 1, 1)
    told.servers = [replace(told.servers[0], **strain)]
    admission.observe()
    admission.observe()
    assert 70 <= admission.limit <= 85
    told.servers = [replace(told.servers[0], waiting=0)]
    for _ in range(60):
        admission.observe()
    assert admission.limit == 100


async def test_a_stop_ends_all_waiting_and_every_next_turn() -> None:
    """A budget that is spent must not be spent on."""
    admission = Admission(Told([Load("a", kv_tokens=100)]), most=64, kv_share=1.0)
    await admission.enter("inside", 90, 90)
    outside = await let_in(admission, "outside", 90, 90)
    admission.stop("budget")
    for ending in (outside, admission.stay("inside", 95), admission.enter("late", 1, 1)):
        with pytest.raises(Stopped, match="budget"):
            await ending


Moves = st.lists(st.tuples(st.integers(0, 11), st.integers(1, 400)), max_size=60)


@given(moves=Moves, capacity=st.integers(50, 3_000), strains=st.lists(st.booleans(), max_size=5))
def test_whatever_happens_claims_stay_in_bounds_and_everyone_ends(
    moves: list[tuple[int, int]], capacity: int, strains: list[bool]
) -> None:
    """An attempt that is never let in again is paid work that is lost."""

    async def play() -> None:
        told = Told([Load("a", kv_tokens=capacity)])
        admission = Admission(told, most=8, kv_share=1.0)
        grown: dict[int, list[int]] = {}
        for number, tokens in moves:
            grown.setdefault(number, []).append(tokens)

        async def work(number: int) -> None:
            session, tokens = str(number), 0
            await admission.enter(session, 0, sum(grown[number]))
            for added in grown[number]:
                tokens += added
                await admission.stay(session, tokens)
                assert admission.inside <= 8
                await asyncio.sleep(0)
            admission.leave(session)

        working = asyncio.gather(*(work(number) for number in grown))
        for strained in strains:
            await asyncio.sleep(0)
            told.servers = [replace(told.servers[0], preemptions=told.servers[0].preemptions + strained)]
            admission.observe()
        await asyncio.wait_for(working, 10)
        assert (admission.inside, admission.waiting) == (0, 0)
        room = admission._rooms["a"]
        assert (room.claimed, room.present) == (0, 0) and room.throttle >= LEAST_THROTTLE

    asyncio.run(play())
