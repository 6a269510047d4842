"""vLLM alone: the echo of the prompt is required, and repetition is detected while it is sampled."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.rollout.engines.open import open_teacher
from flows.rollout.engines.servers.server_pool import rendezvous_order
from flows.rollout.protocol import Sampling, Teacher, TeacherRefused
from flows.settings import Teacher as TeacherSettings
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import FakeVllm, fake_vllm

SAMPLING = Sampling(0.7, 0.95, 256, 7, stop_token_ids=(tiny.IM_END,))
PROMPT = tiny.encode("<|im_start|>user\nhéllo<|im_end|>\n<|im_start|>assistant\n")

LOGS = Path("logs")


def settings_for(*urls: str, **teacher: Any) -> TeacherSettings:
    return TeacherSettings.model_validate({"engine": "vllm", "urls": urls, "retries": 1, **teacher})


@asynccontextmanager
async def teaching(fake: FakeVllm, **teacher: Any) -> AsyncIterator[Teacher]:
    async with open_teacher(settings_for(fake.url, **teacher), LOGS) as opened:
        fake.requests = fake.sampled = 0
        fake.exchanges.clear()
        yield opened


async def test_a_server_without_an_echo_of_the_prompt_is_refused_at_the_start() -> None:
    """Such a server answers 200; what it saw would not be known."""
    with fake_vllm(always="no_prompt_ids") as fake, pytest.raises(TeacherRefused, match="cannot be used"):
        async with open_teacher(settings_for(fake.url), LOGS):
            pass
    assert fake.requests == 1


async def test_a_reply_without_an_echo_is_asked_for_again() -> None:
    with fake_vllm() as fake:
        async with teaching(fake) as teacher:
            fake.faults.append("no_prompt_ids")
            assert (await teacher.generate(PROMPT, SAMPLING, "one")).token_ids
    assert fake.requests == 2


async def test_a_repetitive_completion_is_cut_with_reason_repetition() -> None:
    """A degenerate completion would otherwise run to its token limit."""
    with fake_vllm(reply=lambda prompt, body: "so" + " on and" * 30) as fake:
        async with teaching(fake) as teacher:
            completion = await teacher.generate(PROMPT, replace(SAMPLING, repeat_limit=8), "one")
            whole = await teacher.generate(PROMPT, SAMPLING, "one")
    assert (completion.finish_reason, tiny.decode(completion.token_ids)) == ("repetition", "so" + " on and" * 8)
    assert whole.finish_reason == "stop"


async def test_a_server_without_repetition_detection_is_usable() -> None:
    with fake_vllm(rejected_fields=frozenset({"repetition_detection"})) as fake:
        async with teaching(fake) as teacher:
            assert (await teacher.generate(PROMPT, replace(SAMPLING, repeat_limit=8), "one")).token_ids


@given(st.lists(st.text("abc123:/", min_size=1), min_size=1, unique=True), st.text())
def test_a_session_moves_only_when_its_server_is_removed(urls: list[str], session: str) -> None:
    order = rendezvous_order(urls, session)
    assert sorted(order) == sorted(urls)
    assert rendezvous_order(order[:-1], session) == order[:-1]
