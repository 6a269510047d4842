"""A wrong `teacher.engine` is answered with the name of the server that is there, not with a missing field."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from flows.rollout.engines.open import open_teacher
from flows.rollout.protocol import TeacherRefused
from flows.settings import Teacher
from tests.doubles.stores.app_thread import running_app
from tests.doubles.teachers.fake_sglang import fake_sglang
from tests.doubles.teachers.fake_vllm import fake_vllm

MODELS = {"object": "list", "data": [{"id": "m", "object": "model", "owned_by": "library"}]}
SERVERS: dict[str, tuple[dict[str, Any], str]] = {
    "llama.cpp": (
        {"/props": {"default_generation_settings": {}, "build_info": "b7000-abc"}, "/v1/models": MODELS},
        "llama.cpp b7000-abc",
    ),
    "ollama": (
        {"/api/version": {"version": "0.30.1"}, "/api/tags": {"models": []}, "/v1/models": MODELS},
        "Ollama 0.30.1",
    ),
    "tgi": (
        {"/info": {"model_id": "m", "version": "3.3.6", "router": "text-generation-router"}, "/v1/models": MODELS},
        "Text Generation Inference 3.3.6",
    ),
    "unknown": ({"/v1/models": MODELS}, "an OpenAI-compatible server"),
}
"""Server -> what it answers at which address, after each project's own documentation, and the name in the error."""


@asynccontextmanager
async def application(answers: dict[str, Any]) -> AsyncIterator[web.Application]:
    async def answer(request: web.Request) -> web.Response:
        found = answers.get(request.path)
        return web.json_response(found) if found else web.json_response({"error": "not found"}, status=404)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    yield app


async def refusal(engine: str, url: str) -> str:
    chosen = Teacher.model_validate({"engine": engine, "urls": [url], "retries": 0})
    with pytest.raises(TeacherRefused) as refused:
        async with open_teacher(chosen, Path("logs")):
            pass
    return str(refused.value)


@pytest.mark.parametrize("engine", ["vllm", "sglang"])
@pytest.mark.parametrize("server", SERVERS)
async def test_a_server_of_another_kind_is_named_with_the_engine_to_set(engine: str, server: str) -> None:
    """`the reply has no field version` does not name Ollama, which listens there."""
    answers, name = SERVERS[server]
    with running_app(lambda: application(answers)) as url:
        message = await refusal(engine, url)
    assert name in message and 'teacher.engine = "chat"' in message


async def test_vllm_and_sglang_are_told_apart() -> None:
    with fake_sglang() as fake:
        assert 'is SGLang, which engine vllm cannot use: set teacher.engine = "sglang"' in await refusal(
            "vllm", fake.url
        )
    with fake_vllm() as fake:
        message = await refusal("sglang", fake.url)
    assert 'is vLLM 0.32.0, which engine sglang cannot use: set teacher.engine = "vllm"' in message


async def test_an_error_of_the_right_engine_stays_as_it_is() -> None:
    with fake_vllm(always="no_ids") as fake:
        message = await refusal("vllm", fake.url)
    assert "cannot be used" in message and "set teacher.engine" not in message
