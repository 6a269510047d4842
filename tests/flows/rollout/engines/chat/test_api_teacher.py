"""Both API forms against doubles that refuse what the real ones refuse: nothing is lost, lied about or leaked."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from flows.environments.tool import ToolSpec
from flows.rollout.chat_protocol import ChatRequest, ChatTeacher
from flows.rollout.dialects.open import open_dialect
from flows.rollout.engines.open import open_teacher
from flows.rollout.protocol import Completion, Dialect, Message, Parsed, Sampling, TeacherError, TeacherRefused
from flows.settings import Teacher
from tests.doubles.teachers.apis.fake_api import ApiForm, FakeApi, Fault, Spoken, fake_api
from tests.doubles.teachers.apis.forms import AnthropicForm, OpenAiForm

SEARCH = ToolSpec(
    "search", "Search.", {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
)
SAMPLING = Sampling(0.7, 0.9, 512, 7, sources={"temperature": "settings", "top_p": "neutral"})
KEY = "s3cret-key"


@pytest.fixture(params=[OpenAiForm(), AnthropicForm()], ids=["openai", "anthropic"])
def form(request: pytest.FixtureRequest) -> ApiForm:
    chosen: ApiForm = request.param
    return chosen


def settings_for(fake: FakeApi, **teacher: Any) -> Teacher:
    api = "anthropic" if isinstance(fake.form, AnthropicForm) else "openai"
    known = {"engine": "chat", "urls": [fake.url], "api": api, "api_key": KEY, "model": fake.model, "retries": 2}
    return Teacher.model_validate(known | teacher)


class Talk:
    """A conversation as the loop drives it: the messages so far, and the next turn."""

    def __init__(self, teacher: ChatTeacher, dialect: Dialect) -> None:
        self.teacher, self.dialect = teacher, dialect
        self.messages: list[str] = []

    async def open(self) -> None:
        opened = await self.dialect.open([Message("system", "You search."), Message("user", "Who?")], [SEARCH])
        self.messages += opened.api_messages

    async def turn(self, *, must_answer: bool = False) -> tuple[Completion, Parsed]:
        sampling = self.dialect.sampling(SAMPLING, must_answer=must_answer, tools=[SEARCH])
        completion = await self.teacher.reply(ChatRequest(self.messages, [SEARCH], sampling, must_answer), "s")
        self.messages.append(str(completion.api_message))
        return completion, await self.dialect.parse(completion, [SEARCH])

    async def tell(self, completion: Completion, *messages: Message) -> None:
        extension = await self.dialect.extend([], completion, messages)
        self.messages += extension.api_messages


@asynccontextmanager
async def talking(fake: FakeApi, **teacher: Any) -> AsyncIterator[Talk]:
    chosen = settings_for(fake, **teacher)
    async with open_teacher(chosen, Path("logs")) as opened:
        assert isinstance(opened, ChatTeacher)
        talk = Talk(opened, open_dialect(chosen, opened))
        await talk.open()
        yield talk


def results(parsed: Parsed) -> list[Message]:
    return [Message("tool", f"found {call.id}", call.name, call.id) for call in parsed.calls]


async def test_a_conversation_goes_back_as_it_came(form: ApiForm) -> None:
    """A changed thinking block or a call without its result is refused, and the attempt would be lost."""
    with fake_api(form) as fake:
        async with talking(fake) as talk:
            for _ in range(2):
                completion, parsed = await talk.turn()
                assert (parsed.parse, len(parsed.calls), completion.token_ids) == ("ok", 1, [])
                assert parsed.reasoning and parsed.reasoning.startswith("I look for")
                await talk.tell(completion, *results(parsed))
            completion, parsed = await talk.turn()
            assert parsed.answer and completion.finish_reason == "stop"
    assert len(fake.bodies) == 3 and (fake.bodies[0]["temperature"], "top_p" in fake.bodies[0]) == (0.7, False)


async def test_tokens_and_cache_hits_are_those_of_the_api(form: ApiForm) -> None:
    """Budgets and costs go by these counts."""
    prices = {"price_input": 2.0, "price_cached": 0.5, "price_cache_write": 3.0, "price_output": 10.0}
    with fake_api(form) as fake:
        async with talking(fake, **prices) as talk:
            completion, parsed = await talk.turn()
            await talk.tell(completion, *results(parsed))
            second, _ = await talk.turn()
            load = talk.teacher.loads()[0]
    first, usage = completion.usage, second.usage
    assert first and usage and first.cached_tokens == 0 and usage.cached_tokens > 0
    plain = usage.prompt_tokens - usage.cached_tokens - usage.written_tokens
    paid = plain * 2.0 + usage.cached_tokens * 0.5 + usage.written_tokens * 3.0 + usage.sampled_tokens * 10.0
    assert usage.cost == pytest.approx(paid / 1e6)
    assert load.prefix_hits == usage.cached_tokens and load.prefix_queries == first.prompt_tokens + usage.prompt_tokens


@pytest.mark.parametrize("fault", ["429", "529", "500", "cut", "bad_json", "no_usage"])
async def test_a_transient_failure_loses_no_turn(form: ApiForm, fault: Fault) -> None:
    with fake_api(form, faults=deque([fault])) as fake:
        async with talking(fake) as talk:
            assert (await talk.turn())[1].calls
    assert fake.requests == 2


@pytest.mark.parametrize("fault", ["quota", "401"])
async def test_an_account_that_is_refused_is_not_the_fault_of_the_attempt(form: ApiForm, fault: Fault) -> None:
    """Every attempt would be given up after its last start, although nothing is wrong with it."""
    with fake_api(form) as fake:
        async with talking(fake) as talk:
            fake.always = fault
            with pytest.raises(TeacherError, match="refuses the account") as refused:
                await talk.turn()
    assert not isinstance(refused.value, TeacherRefused) and fake.requests == 1


async def test_a_rate_limit_holds_all_requests_back(form: ApiForm) -> None:
    """One attempt after the other would run into the limit, and use up its tries there."""
    with fake_api(form, retry_after="0.4") as fake:
        async with talking(fake) as talk:
            fake.faults.append("429")
            first = asyncio.create_task(talk.turn())
            while not fake.requests:
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.1)
            second = asyncio.create_task(Talk.turn(talk))
            await asyncio.sleep(0.1)
            assert fake.requests == 1
            await asyncio.gather(first, second)
    assert fake.requests == 3


@pytest.mark.parametrize(("reason", "finish"), [("refusal", "refusal"), ("content_filter", "content_filter")])
async def test_a_refusal_is_no_answer(form: ApiForm, reason: str, finish: str) -> None:
    with fake_api(form, speak=lambda turn, body: Spoken("I will not.", reason=reason)) as fake:
        async with talking(fake) as talk:
            completion, parsed = await talk.turn()
    assert completion.finish_reason in (finish, "refusal") and (parsed.parse, parsed.answer) == ("refused", None)


@pytest.mark.parametrize("reason", ["abort", "compaction"])
async def test_a_reply_that_ended_for_an_unknown_reason_is_asked_for_again(form: ApiForm, reason: str) -> None:
    with fake_api(form, speak=lambda turn, body: Spoken("The answ", reason=reason)) as fake:
        async with talking(fake, retries=1) as talk:
            with pytest.raises(TeacherError, match=r"ended the .* early"):
                await talk.turn()
    assert fake.requests == 2


async def test_a_cut_reply_is_truncated(form: ApiForm) -> None:
    with fake_api(form, speak=lambda turn, body: Spoken("The answer is in", reason="length")) as fake:
        async with talking(fake) as talk:
            completion, parsed = await talk.turn()
    assert (completion.finish_reason, parsed.parse, parsed.answer) == ("length", "truncated", None)


async def test_a_paused_turn_is_continued() -> None:
    spoken = [Spoken("One, ", reason="pause_turn"), Spoken("two.")]
    with fake_api(AnthropicForm(), speak=lambda turn, body: spoken[turn]) as fake:
        async with talking(fake) as talk:
            completion, parsed = await talk.turn()
    assert parsed.answer == "One, two." and completion.usage and completion.usage.sampled_tokens > 20


async def test_parallel_calls_are_answered_in_one_turn(form: ApiForm) -> None:
    calls = (("search", {"query": "a"}), ("search", {"query": "b"}))
    with fake_api(form, speak=lambda turn, body: Spoken(calls=calls) if not turn else Spoken("Done.")) as fake:
        async with talking(fake) as talk:
            completion, parsed = await talk.turn()
            assert [call.arguments["query"] for call in parsed.calls] == ["a", "b"]
            await talk.tell(completion, *results(parsed), Message("tool", "Answer now."))
            assert (await talk.turn(must_answer=True))[1].answer == "Done."
    choice = fake.bodies[-1]["tool_choice"]
    assert choice in ("none", {"type": "none"})


@pytest.mark.parametrize(
    ("name", "arguments", "parse"),
    [
        ("search", '{"query": "a', "invalid_json"),
        ("search", "[1]", "invalid_json"),
        ("search", {"q": 1}, "invalid_arguments"),
        ("fly", {}, "unknown_tool"),
    ],
)
async def test_an_invalid_call_is_answered_with_what_is_wrong(
    form: ApiForm, name: str, arguments: Any, parse: str
) -> None:
    """Both APIs refuse a conversation with an open call, so that the correction must answer it."""
    if isinstance(form, AnthropicForm) and isinstance(arguments, str):
        arguments, parse = [arguments], "invalid_arguments"
    with fake_api(
        form, speak=lambda turn, body: Spoken(calls=((name, arguments),)) if not turn else Spoken("Ok.")
    ) as fake:
        async with talking(fake) as talk:
            completion, parsed = await talk.turn()
            assert (parsed.parse, parsed.calls) == (parse, ())
            await talk.tell(completion, Message("tool", "That call is not valid."))
            assert (await talk.turn())[1].answer == "Ok."


async def test_an_empty_reply_can_be_answered(form: ApiForm) -> None:
    with fake_api(form, speak=lambda turn, body: Spoken("Ok." if turn else "")) as fake:
        async with talking(fake) as talk:
            completion, parsed = await talk.turn()
            assert parsed.parse == "empty"
            await talk.tell(completion, Message("tool", "Write something."))
            assert (await talk.turn())[1].answer == "Ok."


async def test_calls_without_ids_get_ids_of_their_own() -> None:
    """Results refer to ids; some servers send none, or the same for every call."""
    nameless = {"function": {"name": "search", "arguments": "{}"}}
    raw = {
        "choices": [{"finish_reason": "tool_calls", "message": {"content": None, "tool_calls": [
            nameless, {"id": "a", "function": {"name": "search", "arguments": ""}},
            {"id": "a", "function": {"name": "search", "arguments": {"query": "x"}}},
        ]}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    }  # fmt: skip
    from flows.rollout.engines.chat.openai import OpenAiApi

    calls = OpenAiApi().parts(OpenAiApi().read(orjson.dumps(raw)).message).calls
    assert len({call.id for call in calls}) == 3 and [call.arguments for call in calls] == [{}, {}, {"query": "x"}]


@pytest.mark.parametrize("fault", ["echo_key", "redirect", "401", "429"])
async def test_the_key_is_in_no_error_and_no_log(form: ApiForm, fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with fake_api(form) as fake:
        async with talking(fake) as talk:
            fake.always = fault
            with pytest.raises(TeacherError) as raised:
                await talk.turn()
    assert KEY not in f"{raised.value} {raised.value.__cause__} {caplog.text}"
    assert not any("elsewhere" in record.getMessage() for record in caplog.records)


async def test_a_wrong_key_is_refused_at_the_start(form: ApiForm) -> None:
    with fake_api(form) as fake, pytest.raises(TeacherRefused, match="FACTORY_TEACHER__API_KEY"):
        async with talking(fake, api_key="wr0ng"):
            pass


async def test_the_limit_of_reasoning_models_is_found() -> None:
    """They refuse `max_tokens` and name the field that they take."""

    class Newer(OpenAiForm):
        def problem(self, body: dict[str, Any]) -> str | None:
            text = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
            return text if "max_tokens" in body else super().problem(body)

    with fake_api(Newer()) as fake:
        async with talking(fake) as talk:
            await talk.turn()
    assert fake.bodies[-1]["max_completion_tokens"] == 512


async def test_request_fields_reach_every_request(form: ApiForm) -> None:
    with fake_api(form) as fake:
        async with talking(fake, request_fields={"service_tier": "flex"}) as talk:
            await talk.turn()
            assert "flex" in str(talk.dialect.thinking["request_fields"])
    assert fake.bodies[-1]["service_tier"] == "flex"
    with fake_api(form) as fake, pytest.raises(TeacherRefused, match=r"request_fields holds stream"):
        async with talking(fake, request_fields={"stream": True}):
            pass


async def test_cache_breakpoints_follow_the_conversation() -> None:
    """Without them every turn pays for the whole conversation again."""
    with fake_api(AnthropicForm()) as fake:
        async with talking(fake) as talk:
            for _ in range(2):
                completion, parsed = await talk.turn()
                await talk.tell(completion, *results(parsed))
            await talk.turn()
    last = fake.bodies[-1]
    marked = [turn["content"][-1].get("cache_control") for turn in last["messages"] if turn["role"] == "user"]
    assert last["system"][-1]["cache_control"] and marked == [None, *[{"type": "ephemeral"}] * 2]


@pytest.mark.parametrize("parameter", ["min_p", "presence_penalty"])
async def test_a_parameter_that_the_api_lacks_is_refused(parameter: str) -> None:
    """The API would refuse each request, or ignore it while the row records it."""
    with fake_api(AnthropicForm()) as fake, pytest.raises(TeacherRefused, match=f"teacher.{parameter}"):
        async with talking(fake, **{parameter: 0.5}):
            pass


async def test_token_ids_are_refused_by_name() -> None:
    with fake_api(OpenAiForm()) as fake:
        async with open_teacher(settings_for(fake), Path("logs")) as teacher:
            with pytest.raises(TeacherRefused, match="no token ids"):
                await teacher.encode("a")
            with pytest.raises(TeacherRefused, match="text dialect needs token ids"):
                open_dialect(settings_for(fake, dialect="text"), teacher)
