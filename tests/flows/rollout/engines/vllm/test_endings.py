"""A generation that the server cut is thrown away, counted and requested again; only a real end is an answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from flows.rollout.engines.open import open_teacher
from flows.rollout.engines.servers.http_errors import GenerationAborted
from flows.rollout.protocol import Sampling, Teacher, TeacherError
from flows.settings import Teacher as TeacherSettings
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_replies import CUT_SHORT
from tests.doubles.teachers.fake_vllm import FakeVllm, Fault, fake_vllm

SAMPLING = Sampling(1.0, 1.0, 256, 7, stop_token_ids=(tiny.IM_END,))
OWN_END = replace(SAMPLING, stop_token_ids=())
PROMPT = tiny.encode("<|im_start|>assistant\n")
LOGS = Path("logs")


@asynccontextmanager
async def teaching(*servers: FakeVllm) -> AsyncIterator[Teacher]:
    urls = [fake.url for fake in servers]
    settings = TeacherSettings.model_validate({"engine": "vllm", "urls": urls, "retries": 1})
    async with open_teacher(settings, LOGS) as opened:
        for fake in servers:
            fake.requests = 0
            fake.exchanges.clear()
        yield opened


@pytest.mark.parametrize("fault", CUT_SHORT)
async def test_a_cut_generation_is_requested_again_and_counted(fault: Fault) -> None:
    """Half a sentence would be the answer of the row, and its tokens would vanish from the cost."""
    with fake_vllm() as fake:
        async with teaching(fake) as teacher:
            fake.faults.append(fault)
            completion = await teacher.generate(PROMPT, SAMPLING, "one")
            load = teacher.loads()[0]
    assert completion.token_ids == list(fake.exchanges[-1].token_ids)
    assert completion.token_ids[-1] == tiny.IM_END
    assert (load.discarded, load.discarded_tokens) == (1, sum(fake.aborted))


async def test_a_generation_that_one_server_aborts_moves_to_another() -> None:
    with fake_vllm() as one, fake_vllm() as two:
        async with teaching(one, two) as teacher:
            first, other = (one, two) if teacher.server("s") == one.url else (two, one)
            first.always = "abort"
            completion = await teacher.generate(PROMPT, SAMPLING, "s")
            assert teacher.server("s") == first.url, "an abort does not mark a server as down"
    assert completion.token_ids == list(other.exchanges[-1].token_ids)
    assert len(first.aborted) == 1


@pytest.mark.parametrize("fault", CUT_SHORT)
async def test_a_server_that_cuts_every_generation_is_an_error_that_says_so(fault: Fault) -> None:
    with fake_vllm() as fake:
        async with teaching(fake) as teacher:
            fake.always = fault
            reason = "ends without a stop id" if fault == "false_stop" else "finish_reason"
            with pytest.raises(GenerationAborted, match=rf"{fake.url}.*{reason}.*2 tries"):
                await teacher.generate(PROMPT, SAMPLING, "one")
            assert teacher.loads()[0].discarded == 2


@pytest.mark.parametrize("n_requests", [2, 1])
async def test_the_models_own_end_is_asked_for_once(n_requests: int) -> None:
    """The request need not name it: it is an end of the model's generation_config.json or of its tokenizer."""
    with fake_vllm() as fake:
        async with teaching(fake) as teacher:
            await teacher.generate(PROMPT, OWN_END, "one")
            assert fake.requests == 2
            fake.requests = 0
            await teacher.generate(PROMPT, OWN_END if n_requests == 1 else SAMPLING, "two")
            assert fake.requests == 1
            assert not teacher.loads()[0].discarded


async def test_a_stop_string_is_an_end_and_another_end_is_asked_for() -> None:
    """The text dialect names a stop string and no ids; its last id is whatever the model wrote."""
    line = replace(OWN_END, stop=("\n",))
    with fake_vllm(reply=lambda prompt, body: "answer: Ada\nsearch: ...") as fake:
        async with teaching(fake) as teacher:
            completion = await teacher.generate(PROMPT, line, "one")
            assert tiny.decode(completion.token_ids) == "answer: Ada\n"
            fake.faults.append("false_stop")
            assert (await teacher.generate(PROMPT, line, "two")).token_ids == completion.token_ids
            assert teacher.loads()[0].discarded == 1


async def test_a_server_that_cannot_be_asked_is_usable() -> None:
    """Without `allowed_token_ids` only the request's own stop ids prove an end, where it names any."""
    with fake_vllm(rejected_fields=frozenset({"allowed_token_ids"})) as fake:
        async with teaching(fake) as teacher:
            assert (await teacher.generate(PROMPT, SAMPLING, "one")).token_ids
            assert (await teacher.generate(PROMPT, OWN_END, "one")).token_ids
            fake.always = "false_stop"
            with pytest.raises(GenerationAborted):
                await teacher.generate(PROMPT, SAMPLING, "two")


async def test_an_error_in_a_reply_of_status_200_names_its_cause() -> None:
    with fake_vllm() as fake:
        async with teaching(fake) as teacher:
            fake.always = "error_reply"
            with pytest.raises(TeacherError, match="the engine is busy"):
                await teacher.generate(PROMPT, SAMPLING, "one")
