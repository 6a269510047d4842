"""Both engines with token ids against a server with faults: a turn is retried or ends in a clear error, never lost.

A double of vLLM and one of SGLang answer the same requests in their own forms, so an engine that skips a check fails.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import pytest

from flows.rollout.engines.open import open_teacher
from flows.rollout.engines.servers.prompt_json import TokenMismatch
from flows.rollout.engines.servers.server_pool import rendezvous_order
from flows.rollout.protocol import ContextExceeded, Sampling, Teacher, TeacherError, TeacherRefused
from flows.rollout.writer import open_writer
from flows.settings import Teacher as TeacherSettings
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.certificates import certificates
from tests.doubles.teachers.fake_sglang import fake_sglang
from tests.doubles.teachers.fake_vllm import FakeVllm, Fault, fake_vllm

SAMPLING = Sampling(0.7, 0.95, 256, 7, stop_token_ids=(tiny.IM_END,))
PROMPT = tiny.encode("<|im_start|>user\nhéllo<|im_end|>\n<|im_start|>assistant\n")
UNUSUAL = {"400", "slow", "no_prompt_ids", "false_stop"}
"""Faults that are not retried, or cost more requests than one."""
RETRYABLE: list[Fault] = [fault for fault in get_args(Fault) if fault not in UNUSUAL]

LOGS = Path("logs")


@dataclass(frozen=True)
class Engine:
    """An engine, and the double of its server."""

    name: str
    fake: Callable[..., AbstractContextManager[FakeVllm]]

    def settings(self, *urls: str, **teacher: Any) -> TeacherSettings:
        return TeacherSettings.model_validate({"engine": self.name, "urls": urls, "retries": 1, **teacher})


@pytest.fixture(params=[Engine("vllm", fake_vllm), Engine("sglang", fake_sglang)], ids=lambda engine: engine.name)
def engine(request: pytest.FixtureRequest) -> Engine:
    chosen: Engine = request.param
    return chosen


@asynccontextmanager
async def teaching(engine: Engine, fake: FakeVllm, **teacher: Any) -> AsyncIterator[Teacher]:
    async with open_teacher(engine.settings(fake.url, **teacher), LOGS) as opened:
        fake.requests = fake.sampled = 0
        fake.exchanges.clear()
        yield opened


async def test_a_completion_holds_the_ids_that_the_server_sampled(engine: Engine) -> None:
    with engine.fake(version="0.32.0", context=4_096) as fake:
        async with teaching(engine, fake) as teacher:
            completion = await teacher.generate(PROMPT, SAMPLING, "one")
        identity = teacher.identity
    assert completion.token_ids == list(fake.exchanges[0].token_ids)
    assert list(fake.exchanges[0].prompt_ids) == PROMPT
    assert len(completion.logprobs) == len(completion.token_ids)
    assert (completion.finish_reason, completion.cached_tokens) == ("stop", 0)
    assert (identity.engine, identity.engine_version, identity.model, identity.context) == (
        engine.name, "0.32.0", "tiny-qwen3", 4_096,
    )  # fmt: skip


async def test_the_sampling_reaches_the_server(engine: Engine) -> None:
    """The row records the sampling; the request must hold the same values."""
    with engine.fake() as fake:
        async with teaching(engine, fake) as teacher:
            await teacher.generate(PROMPT, Sampling(0.1, 0.5, 9, 3, stop=("\n",), grammar='root ::= "a"'), "one")
        body = fake.exchanges[0].body
    assert (body["temperature"], body["top_p"], body["max_tokens"], body["seed"]) == (0.1, 0.5, 9, 3)
    grammar = body["ebnf"] if engine.name == "sglang" else body["structured_outputs"]["grammar"]
    assert (body["stop"], grammar) == (["\n"], 'root ::= "a"')


async def test_a_truncated_completion_has_finish_reason_length(engine: Engine) -> None:
    with engine.fake() as fake:
        async with teaching(engine, fake) as teacher:
            completion = await teacher.generate(PROMPT, Sampling(0, 1, 5, 0), "one")
    assert (completion.finish_reason, len(completion.token_ids)) == ("length", 5)


@pytest.mark.parametrize("fault", RETRYABLE)
async def test_a_transient_failure_loses_no_turn(engine: Engine, fault: Fault) -> None:
    with engine.fake() as fake:
        async with teaching(engine, fake) as teacher:
            fake.faults.append(fault)
            completion = await teacher.generate(PROMPT, SAMPLING, "one")
    assert completion.token_ids == list(fake.exchanges[0].token_ids)
    assert fake.requests == 2


@pytest.mark.parametrize("fault", ["no_ids", "no_logprobs"])
async def test_a_server_without_ids_or_logprobs_is_refused_at_the_start(engine: Engine, fault: Fault) -> None:
    """Such a server answers 200; its trajectories would be useless for training."""
    with engine.fake(always=fault) as fake, pytest.raises(TeacherRefused, match="cannot be used"):
        async with open_teacher(engine.settings(fake.url), LOGS):
            pass
    assert fake.requests == 1


@pytest.mark.parametrize("fault", ["500", "429", "bad_json", "no_logprobs", "cut", "cut_body"])
async def test_a_permanent_failure_is_an_error_that_names_the_server(engine: Engine, fault: Fault) -> None:
    with engine.fake() as fake:
        async with teaching(engine, fake) as teacher:
            fake.always = fault
            with pytest.raises(TeacherError, match=fake.url):
                await teacher.generate(PROMPT, SAMPLING, "one")
    assert fake.requests == 2
    assert not fake.exchanges


async def test_a_reply_to_other_prompt_ids_is_an_error(engine: Engine) -> None:
    with engine.fake() as fake:
        async with teaching(engine, fake) as teacher:
            fake.always = "wrong_prompt_ids"
            with pytest.raises(TokenMismatch):
                await teacher.generate(PROMPT, SAMPLING, "one")


async def test_a_timeout_ends_a_silent_request(engine: Engine) -> None:
    with engine.fake() as fake:
        async with teaching(engine, fake, timeout_s=0.3) as teacher:
            fake.faults.append("slow")
            completion = await teacher.generate(PROMPT, SAMPLING, "one")
            assert completion.finish_reason == "stop"
            fake.always = "slow"
            with pytest.raises(TeacherError, match="timeout_s"):
                await teacher.generate(PROMPT, SAMPLING, "one")


async def test_a_request_that_cannot_succeed_is_sent_once(engine: Engine) -> None:
    """A grammar that the server cannot compile fails in every try."""
    with engine.fake() as fake:
        async with teaching(engine, fake) as teacher:
            fake.always = "400"
            with pytest.raises(TeacherRefused, match="fault 400"):
                await teacher.generate(PROMPT, SAMPLING, "one")
    assert fake.requests == 1


async def test_a_completion_has_at_most_the_tokens_that_the_window_leaves(engine: Engine) -> None:
    """The window may be smaller than the server reports; its refusal names it, and the attempts go on within it."""
    with engine.fake(context=4_096, window=len(PROMPT) + 8, reply=lambda prompt, body: "x" * 99) as fake:
        async with teaching(engine, fake) as teacher:
            completion = await teacher.generate(PROMPT, SAMPLING, "one")
            assert (completion.finish_reason, len(completion.token_ids)) == ("length", 8)
            assert teacher.identity.context == len(PROMPT) + 8
            with pytest.raises(ContextExceeded):
                await teacher.generate([*PROMPT, *PROMPT], SAMPLING, "one")
            assert fake.requests == 2


async def test_the_api_key_is_sent_and_never_shown(engine: Engine) -> None:
    with engine.fake(api_key="s3cret") as fake:
        async with teaching(engine, fake, api_key="s3cret") as teacher:
            await teacher.generate(PROMPT, SAMPLING, "one")
        with pytest.raises(TeacherRefused, match="FACTORY_TEACHER__API_KEY") as refused:
            async with open_teacher(engine.settings(fake.url, api_key="wr0ng"), LOGS):
                pass
    assert "wr0ng" not in str(refused.value)


async def test_requests_go_only_to_servers_with_a_trusted_certificate(engine: Engine, tmp_path: Path) -> None:
    """Prompts and the API key would otherwise go to any server at that address."""
    files = certificates(tmp_path)
    with engine.fake(tls=files.server(), api_key="s3cret") as fake:
        trusted: dict[str, Any] = {"ca_file": files.authority, "api_key": "s3cret"}
        client = {"client_cert": files.cert, "client_key": files.key}
        async with teaching(engine, fake, **trusted, **client) as teacher:
            assert (await teacher.generate(PROMPT, SAMPLING, "one")).token_ids
        async with teaching(engine, fake, **client, api_key="s3cret", verify_tls=False) as teacher:
            assert (await teacher.generate(PROMPT, SAMPLING, "one")).token_ids
        with pytest.raises(TeacherRefused, match=r"teacher\.ca_file"):
            async with open_teacher(engine.settings(fake.url, api_key="s3cret", **client), LOGS):
                pass
        with pytest.raises(TeacherError, match="connection failed"):
            async with open_teacher(engine.settings(fake.url, **trusted), LOGS):
                pass
        with pytest.raises(TeacherRefused, match="PEM"):
            async with open_teacher(engine.settings(fake.url, ca_file=tmp_path / "none.pem"), LOGS):
                pass


async def test_a_server_of_another_model_is_refused(engine: Engine) -> None:
    with engine.fake() as fake, pytest.raises(TeacherRefused, match="it serves tiny-qwen3"):
        async with open_teacher(engine.settings(fake.url, model="Qwen/Qwen3-32B"), LOGS):
            pass


async def test_a_session_stays_with_its_server_until_the_server_fails(engine: Engine) -> None:
    """A move loses the prefix cache; staying with a failing server loses the attempt."""
    with engine.fake() as one, engine.fake() as two:
        async with open_teacher(engine.settings(one.url, two.url), LOGS) as teacher:
            for _ in range(3):
                await asyncio.gather(*(teacher.generate(PROMPT, SAMPLING, f"s{at}") for at in range(20)))
            first = next(fake for fake in (one, two) if fake.url == rendezvous_order([one.url, two.url], "s0")[0])
            other = two if first is one else one
            first.always, before = "500", len(other.exchanges)
            await teacher.generate(PROMPT, SAMPLING, "s0")
    assert len(other.exchanges) == before + 1
    assert len(one.exchanges) > 3 and len(two.exchanges) > 3


async def test_many_generations_run_concurrently(engine: Engine) -> None:
    with engine.fake(delay_s=0.5) as fake:
        async with teaching(engine, fake) as teacher:
            await asyncio.gather(*(teacher.generate([*PROMPT, at], SAMPLING, str(at)) for at in range(200)))
    assert fake.most_in_flight > 100


async def test_encode_and_decode_use_the_servers_tokenizer(engine: Engine) -> None:
    with engine.fake() as fake:
        async with teaching(engine, fake) as teacher:
            ids = await teacher.encode("héllo <|im_end|>")
            assert ids == tiny.encode("héllo <|im_end|>")
            assert await teacher.decode(ids) == "héllo <|im_end|>"


def test_a_writer_gives_equal_answers_to_equal_prompts(engine: Engine, tmp_path: Path) -> None:
    tiny.save(tmp_path)
    with engine.fake(reply=lambda prompt, body: f"<think>\nhm\n</think>\n\nseed {body['seed']}") as fake:
        settings = engine.settings(fake.url, tokenizer=str(tmp_path), renderer="qwen3")
        with open_writer(settings, LOGS) as write:
            answers = [write("You rewrite.", text) for text in ("one", "two", "one")]
    assert answers[0] == answers[2] != answers[1]
    assert answers[0].startswith("seed ")


def test_a_failing_writer_raises_and_leaves_no_thread(engine: Engine, tmp_path: Path) -> None:
    tiny.save(tmp_path)
    with engine.fake() as fake:
        settings = engine.settings(fake.url, tokenizer=str(tmp_path), renderer="qwen3")
        with pytest.raises(TeacherError), open_writer(settings, LOGS) as write:
            fake.always = "500"
            write("You rewrite.", "one")
