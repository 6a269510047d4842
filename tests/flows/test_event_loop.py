"""A rollout runs on uvloop, and ends as with `asyncio.run`: a value, an error, or a cancelled wait on Ctrl-C."""

import asyncio
import os
import signal

import pytest
import uvloop

from flows import event_loop


async def _loop_in_use() -> asyncio.AbstractEventLoop:
    return asyncio.get_running_loop()


def test_a_rollout_runs_on_uvloop() -> None:
    assert isinstance(event_loop.run(_loop_in_use()), uvloop.Loop)


def test_an_error_reaches_the_caller() -> None:
    async def fails() -> None:
        raise LookupError("no such page")

    with pytest.raises(LookupError, match="no such page"):
        event_loop.run(fails())


def test_an_interrupt_cancels_the_work_so_that_it_can_clean_up() -> None:
    ended: list[str] = []

    async def waits() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    with pytest.raises(KeyboardInterrupt):
        event_loop.run(waits())
    assert ended == ["cancelled"]
