"""The context window of a vLLM server: read from its cards, kept by every request, and corrected by a refusal."""

from pathlib import Path

import pytest

from flows.rollout.engines.open import open_teacher
from flows.rollout.engines.servers.model_cards import base_model, served_models
from flows.rollout.protocol import ContextExceeded, Sampling
from flows.settings import Teacher as TeacherSettings
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import fake_vllm

LOGS = Path("logs")
LONG = Sampling(1.0, 1.0, 1_000, 7, stop_token_ids=(tiny.IM_END,))


def settings_for(url: str, model: str | None = None, **teacher: object) -> TeacherSettings:
    return TeacherSettings.model_validate({"engine": "vllm", "urls": [url], "model": model, "retries": 0, **teacher})


@pytest.mark.parametrize("model", [None, "tiny-qwen3", "lora", "lora-of-lora"])
async def test_an_adapter_has_the_context_window_and_the_defaults_of_its_parent(
    model: str | None, tmp_path: Path
) -> None:
    """Its card names no window; the setting's 262,144 tokens lost every long attempt."""
    (tmp_path / "generation_config.json").write_text('{"top_k": 20}')
    adapters = {"lora": "tiny-qwen3", "lora-of-lora": "lora"}
    with fake_vllm(context=4_096, root=str(tmp_path), adapters=adapters) as fake:
        async with open_teacher(settings_for(fake.url, model), LOGS) as teacher:
            identity = teacher.identity
    assert (identity.model, identity.context) == (model or "tiny-qwen3", 4_096)
    assert identity.defaults == {"top_k": 20}
    assert [(one.name, one.parent, one.context) for one in identity.served] == [
        ("tiny-qwen3", None, 4_096), ("lora", "tiny-qwen3", 4_096), ("lora-of-lora", "lora", 4_096),
    ]  # fmt: skip


def test_cards_that_name_no_window_or_each_other_are_read() -> None:
    """A gateway's cards hold little more than ids."""
    cards = [
        {"id": "a", "parent": "b", "max_model_len": None},
        {"id": "b", "parent": "a"},
        {"id": "c", "parent": "gone", "max_model_len": 512},
        {"id": "d", "max_model_len": "many"},
        {"object": "model"},
        "e",
    ]
    served = served_models("http://s", cards)
    assert {one.name: one.context for one in served} == {"a": None, "b": None, "c": 512, "d": None}
    assert [base_model(one, served).name for one in served] == ["b", "a", "c", "d"]


async def test_an_unknown_window_is_said_and_the_setting_holds(caplog: pytest.LogCaptureFixture) -> None:
    with fake_vllm(adapters={"lora": "gone"}) as fake:
        async with open_teacher(settings_for(fake.url, "lora", context_window=2_048), LOGS) as teacher:
            assert teacher.identity.context == 2_048
    assert "does not report the context window of lora" in caplog.text


async def test_a_completion_has_at_most_the_tokens_that_the_window_leaves() -> None:
    with fake_vllm(context=64, reply=lambda prompt, body: "x" * 200) as fake:
        async with open_teacher(settings_for(fake.url), LOGS) as teacher:
            completion = await teacher.generate([65] * 40, LONG, "one")
            with pytest.raises(ContextExceeded, match="fills the context window of 64"):
                await teacher.generate([65] * 64, LONG, "one")
    assert (completion.finish_reason, len(completion.token_ids)) == ("length", 24)


WORDINGS = [
    "This model's maximum context length is {window} tokens. However, your prompt contains at least {prompt} input "
    "tokens, which exceeds this limit even without any output tokens. (parameter=input_tokens, value={prompt})",
    "This model's maximum context length is {window} tokens. However, you requested {total} tokens ({prompt} in the "
    "messages, 24 in the completion). Please reduce the length of the messages or completion.",
    "'max_tokens' or 'max_completion_tokens' is too large: 1000. This model's maximum context length is {window} "
    "tokens and your request has {prompt} input tokens (1000 > {window} - {prompt}).",
    "You passed {prompt} input tokens and requested 24 output tokens. However, the model's context length is only "
    "{window} tokens, resulting in a maximum input length of 3584 tokens.",
    "The decoder prompt (length {prompt}) is longer than the maximum model length of {window}. Make sure that "
    "`max_model_len` is no smaller than the number of text tokens.",
    "Input length ({prompt}) exceeds model's maximum context length ({window}).",
    "max_tokens=1000 cannot be greater than max_model_len={window}. Please request fewer output tokens.",
]  # fmt: skip


@pytest.mark.parametrize("wording", WORDINGS)
async def test_a_window_smaller_than_its_card_is_learnt_from_the_refusal(wording: str) -> None:
    """Memory limits it below the card; the attempts in flight go on in what is left, and later ones plan for it."""
    with fake_vllm(context=32_768, window=64, too_long=wording, reply=lambda prompt, body: "x" * 200) as fake:
        async with open_teacher(settings_for(fake.url), LOGS) as teacher:
            completion = await teacher.generate([65] * 40, LONG, "one")
            assert (completion.finish_reason, len(completion.token_ids)) == ("length", 24)
            assert teacher.identity.context == 64
            with pytest.raises(ContextExceeded):
                await teacher.generate([65] * 70, LONG, "one")


@pytest.mark.parametrize("wording", ["max_tokens must be at least 1, got -186.", "the prompt is too long"])
async def test_a_refusal_without_a_number_is_still_one_of_length(wording: str) -> None:
    with fake_vllm(window=64, too_long=wording) as fake:
        async with open_teacher(settings_for(fake.url), LOGS) as teacher:
            with pytest.raises(ContextExceeded):
                await teacher.generate([65] * 70, LONG, "one")
            assert teacher.identity.context == 32_768
