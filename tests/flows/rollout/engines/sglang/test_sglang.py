"""SGLang alone: finish reasons as objects, adapters, older addresses, log-probabilities after temperature."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.rollout.engines.open import open_teacher
from flows.rollout.engines.servers.prompt_json import TokenMismatch
from flows.rollout.protocol import Sampling, Teacher, TeacherError, TeacherRefused
from flows.settings import Teacher as TeacherSettings
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_sglang import FakeSglang, fake_sglang

SAMPLING = Sampling(0.7, 0.95, 256, 7, stop_token_ids=(tiny.IM_END,))
PROMPT = tiny.encode("<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n")


@asynccontextmanager
async def teaching(fake: FakeSglang, **teacher: Any) -> AsyncIterator[Teacher]:
    chosen = TeacherSettings.model_validate({"engine": "sglang", "urls": [fake.url], "retries": 1, **teacher})
    async with open_teacher(chosen, Path("logs")) as opened:
        fake.requests = 0
        yield opened


@pytest.mark.parametrize(
    "finish",
    [
        {"type": "abort", "message": "Aborted", "status_code": None, "err_type": None},
        {"type": "stop", "matched": "NaN happened"},
        {"type": "stop", "matched": tiny.IM_START},
        {"type": "paused"},
        {"type": None},
        "abort",
    ],
)
async def test_a_generation_that_the_model_did_not_end_is_asked_for_again(finish: Any) -> None:
    """SGLang answers 200 with what it has so far; such a turn would end in mid-sentence as an answer."""
    with fake_sglang() as fake:
        async with teaching(fake) as teacher:
            fake.finish = finish
            with pytest.raises(TeacherError, match="ended the completion early"):
                await teacher.generate(PROMPT, SAMPLING, "one")
            assert fake.requests == 2
            fake.finish = None
            assert (await teacher.generate(PROMPT, SAMPLING, "one")).finish_reason == "stop"


async def test_a_stop_at_a_requested_text_is_a_stop() -> None:
    with fake_sglang() as fake:
        async with teaching(fake) as teacher:
            fake.finish = {"type": "stop", "matched": "\n"}
            assert (await teacher.generate(PROMPT, Sampling(0, 1, 9, 3, stop=("\n",)), "one")).finish_reason == "stop"


async def test_all_sampling_parameters_are_sent() -> None:
    """A server started with --preferred-sampling-params fills the missing ones, and the row would not record it."""
    with fake_sglang() as fake:
        async with teaching(fake) as teacher:
            await teacher.generate(PROMPT, SAMPLING, "one")
            await teacher.generate(PROMPT, replace(SAMPLING, top_k=20, min_p=0.1, presence_penalty=1.5), "one")
        neutral, chosen = (exchange.body for exchange in fake.exchanges[-2:])
    unset = {"top_k": -1, "min_p": 0.0, "frequency_penalty": 0.0, "presence_penalty": 0.0, "repetition_penalty": 1.0}
    assert unset.items() <= neutral.items()
    assert {"top_k": 20, "min_p": 0.1, "presence_penalty": 1.5}.items() <= chosen.items()


async def test_an_adapter_is_named_in_requests_and_has_the_context_of_its_model() -> None:
    with fake_sglang(adapters={"tutor": "tiny-qwen3"}, context=4_096) as fake:
        async with teaching(fake, model="tutor") as teacher:
            await teacher.generate(PROMPT, SAMPLING, "one")
    assert (teacher.identity.model, teacher.identity.context) == ("tutor", 4_096)
    assert fake.exchanges[-1].body["lora_path"] == "tutor"


async def test_an_older_server_is_usable_and_its_count_of_prompt_ids_is_compared() -> None:
    with fake_sglang(older=True) as fake:
        async with teaching(fake) as teacher:
            assert (await teacher.generate(PROMPT, SAMPLING, "one")).token_ids
            fake.lost_prompt_ids = 1
            with pytest.raises(TokenMismatch):
                await teacher.generate(PROMPT, SAMPLING, "one")


async def test_logprobs_after_temperature_are_noted_in_the_version() -> None:
    """A trainer that takes them for the model's own computes wrong ratios."""
    with fake_sglang(original_logprobs=False) as fake:
        async with teaching(fake) as teacher:
            assert teacher.identity.engine_version == "0.5.23, logprobs after temperature"


@pytest.mark.parametrize("metrics", [True, False])
async def test_the_kv_cache_is_known_with_and_without_metrics(metrics: bool) -> None:
    """Without its size more attempts would start than the cache holds."""
    with fake_sglang(kv_tokens=8_192, metrics=metrics) as fake:
        async with teaching(fake) as teacher:
            assert (teacher.identity.kv_tokens, teacher.loads()[0].kv_tokens) == (8_192, 8_192)


async def test_no_server_is_started() -> None:
    with pytest.raises(TeacherRefused, match=r"set teacher\.urls"):
        async with open_teacher(TeacherSettings(engine="sglang"), Path("logs")):
            pass
