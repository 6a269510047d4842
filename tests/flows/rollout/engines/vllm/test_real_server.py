"""A real vLLM server on the CPU, started by the flow: ids, logprobs, grammar, stops, repetition and load.

Needs vLLM's environment (`factory teacher install --cpu`); without it these tests are skipped, unless
FACTORY_REQUIRE_TEACHER is set.
"""

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from flows.environments.resources import cache_folder
from flows.environments.tool import ToolSpec
from flows.rollout.dialects.open import open_dialect, prove_dialect
from flows.rollout.dialects.text import TextDialect
from flows.rollout.engines.embedded.model_download import builtin_model
from flows.rollout.engines.open import open_teacher
from flows.rollout.engines.vllm.metrics import read_load
from flows.rollout.protocol import ContextExceeded, Dialect, Extension, Message, Sampling, Teacher
from flows.rollout.server_load import Load
from flows.settings import Settings
from flows.settings import Teacher as TeacherSettings
from tests.doubles.teachers import small_vllm_model
from tests.doubles.teachers import tiny_tokenizer as tiny

ENVIRONMENT = Settings().teacher.venv.expanduser()
SEARCH = ToolSpec(
    "search", "Search.", {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]}
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.xdist_group("vllm"),
    pytest.mark.skipif(
        not (ENVIRONMENT / "bin" / "python").exists() and "FACTORY_REQUIRE_TEACHER" not in os.environ,
        reason="vLLM is not installed",
    ),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def model() -> Path:
    """SmolLM2 converted for vLLM, once."""
    cached = cache_folder() / "smollm2-for-vllm"
    if not cached.exists():
        made = cached.with_suffix(f".{os.getpid()}.tmp")
        command = [str(ENVIRONMENT / "bin" / "python"), small_vllm_model.__file__, str(builtin_model()), str(made)]
        subprocess.run(command, check=True)
        with suppress(OSError):  # another process of tests has made it meanwhile
            made.rename(cached)
        shutil.rmtree(made, ignore_errors=True)
    return cached


def with_other_defaults(model: Path, folder: Path) -> Path:
    """The model with Qwen3's template and a generation_config.json under which every seed gives one completion."""
    folder.mkdir()
    for file in model.iterdir():
        (folder / file.name).symlink_to(file)
    (folder / "chat_template.jinja").unlink(missing_ok=True)
    (folder / "chat_template.jinja").write_text(tiny.QWEN3_TEMPLATE)
    config = folder / "generation_config.json"
    own = json.loads(config.read_text()) if config.exists() else {}
    config.unlink(missing_ok=True)
    config.write_text(json.dumps(own | {"do_sample": True, "top_k": 1, "min_p": 0.5, "repetition_penalty": 1.5}))
    return folder


async def test_a_real_server_keeps_every_id(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """All checks share one server, since a start takes half a minute."""
    monkeypatch.setenv("VLLM_SERVER_DEV_MODE", "1")
    teacher_settings = {
        "engine": "vllm",
        "model": str(with_other_defaults(model, tmp_path / "model")),
        "renderer": "qwen3",
        "context_window": 4_096,
        "venv": ENVIRONMENT,
    }
    settings = Settings.model_validate({"home": tmp_path, "teacher": teacher_settings})
    async with open_teacher(settings.teacher, settings.logs) as teacher:
        assert teacher.identity.engine == "vllm" and teacher.identity.engine_version
        assert teacher.identity.context == 4_096
        kv_tokens = teacher.identity.kv_tokens
        assert kv_tokens and kv_tokens >= 4_096, "the pool admits trajectories by this figure"
        dialect = open_dialect(settings.teacher, teacher)
        await _template_is_proven(settings.teacher, dialect, teacher, caplog)
        await _chat_of_many_turns(teacher, dialect)
        await _line_under_a_grammar(teacher)
        await _ends_of_a_completion(teacher)
        await _sampling_is_what_was_sent(teacher)
        await _a_pause_cuts_no_turn(teacher)
        await _a_refusal_names_the_window(teacher)
        await _repetition_is_cut(teacher)
        await _load_is_reported(teacher)


async def _template_is_proven(
    settings: TeacherSettings, dialect: Dialect, teacher: Teacher, caplog: pytest.LogCaptureFixture
) -> None:
    """The server's own ids of an opening with tools equal ours."""
    await prove_dialect(settings, dialect, teacher)
    assert "compared" not in caplog.text


def _flat(extension: Extension) -> list[int]:
    return [token for piece in extension.pieces for token in piece] + extension.cue


async def _chat_of_many_turns(teacher: Teacher, dialect: Dialect) -> None:
    opened = await dialect.open([Message("system", "You are brief."), Message("user", "Name a colour.")], [SEARCH])
    stream = _flat(opened)
    sampling = dialect.sampling(Sampling(0.7, 0.95, 48, 3), must_answer=False, tools=[SEARCH])
    cached: list[int | None] = []
    for turn in range(6):
        completion = await teacher.generate(stream, sampling, "chat")
        assert len(completion.logprobs) == len(completion.token_ids) and max(completion.logprobs) <= 0
        assert completion.finish_reason == ("stop" if completion.token_ids[-1] in sampling.stop_token_ids else "length")
        stream += completion.token_ids
        cached.append(completion.cached_tokens)
        result = Message(
            "tool", f"Turn {turn}: <|im_end|> é🙂 日本 </tool_response>" + " and so on" * 20, "search", "c"
        )
        stream += _flat(await dialect.extend(stream, completion, [result]))
    assert cached[-1], "the prefix comes from the cache"
    repeated = await teacher.generate(stream, sampling, "chat")
    assert repeated.token_ids == (await teacher.generate(stream, sampling, "chat")).token_ids, (
        "equal seeds give equal completions"
    )


async def _line_under_a_grammar(teacher: Teacher) -> None:
    dialect = TextDialect(teacher)
    stream = _flat(await dialect.open([Message("user", "Who?")], [SEARCH]))
    for must_answer in (False, True):
        sampling = dialect.sampling(Sampling(0.7, 0.95, 96, 3), must_answer=must_answer, tools=[SEARCH])
        completion = await teacher.generate(stream, sampling, "text")
        written, parsed = await teacher.decode(completion.token_ids), await dialect.parse(completion, [SEARCH])
        assert parsed.parse == ("ok" if completion.finish_reason == "stop" else "truncated"), written
        assert written.startswith("answer: ") or (not must_answer and written.startswith("search: "))


async def _ends_of_a_completion(teacher: Teacher) -> None:
    """The stop id is part of the turn; without it the dialect would end the turn a second time."""
    prompt = await teacher.encode("Say: ")
    stop = (await teacher.encode("b"))[0]
    forced = Sampling(0.0, 1.0, 40, 1, grammar='root ::= "a" "b" "c"')
    whole = await teacher.generate(prompt, forced, "ends")
    stopped = await teacher.generate(prompt, _with_stop(forced, [stop]), "ends")
    assert (await teacher.decode(whole.token_ids)).startswith("abc")
    assert stopped.token_ids[-1] == stop and stopped.finish_reason == "stop"


async def _sampling_is_what_was_sent(teacher: Teacher) -> None:
    """The server would fill top_k 1 from the model's file: eight seeds gave one completion at temperature 1."""
    assert teacher.identity.defaults and teacher.identity.defaults["top_k"] == 1
    prompt = await teacher.encode("Once upon a time")
    sampled = [await teacher.generate(prompt, Sampling(1.0, 1.0, 16, seed), f"seed {seed}") for seed in range(8)]
    assert len({tuple(one.token_ids) for one in sampled}) > 4


async def _a_pause_cuts_no_turn(teacher: Teacher) -> None:
    """A pause, as for new weights, answers 200 with the ids so far."""
    forced = Sampling(1.0, 1.0, 400, 1, grammar="root ::= [ -~]{2000}")
    prompt, before = await teacher.encode("Say: "), teacher.loads()[0]
    sampled = (await _load(before)).sampled_tokens
    running = asyncio.create_task(teacher.generate(prompt, forced, "paused"))
    while (await _load(before)).sampled_tokens < sampled + 8:
        await asyncio.sleep(0.1)
    await _post(f"{teacher.server('paused')}/pause?mode=abort")
    await _post(f"{teacher.server('paused')}/resume")
    completion = await running
    assert (completion.finish_reason, len(completion.token_ids)) == ("length", 400)
    load = teacher.loads()[0]
    assert load.discarded == before.discarded + 1 and load.discarded_tokens > before.discarded_tokens


async def _load(last: Load) -> Load:
    """The load of the server now; `teacher.loads()` is up to a second older."""
    async with aiohttp.ClientSession() as session, session.get(f"{last.server}/metrics") as reply:
        return read_load(await reply.read(), last)


async def _post(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.post(url) as reply:
        assert reply.status == 200, await reply.text()


async def _a_refusal_names_the_window(teacher: Teacher) -> None:
    """The wording is vLLM's own and may change with its version."""
    known = teacher.identity
    for n_tokens in (5_000, 4_097):
        teacher.identity = replace(known, context=100_000)
        with pytest.raises(ContextExceeded):
            await teacher.generate([100] * n_tokens, Sampling(0, 1, 8, 1), "long")
        assert teacher.identity.context == 4_096
    teacher.identity = replace(known, context=100_000)
    with pytest.raises(ContextExceeded):
        await teacher.generate([100] * 4_096, Sampling(0, 1, 8, 1), "full")
    fitting = await teacher.generate(
        [100] * 4_080, Sampling(1, 1, 64, 1, grammar="root ::= [a-z]{2000}"), "nearly full"
    )
    assert (fitting.finish_reason, len(fitting.token_ids)) == ("length", 16)
    teacher.identity = known


async def _repetition_is_cut(teacher: Teacher) -> None:
    prompt = await teacher.encode("la " * 40)
    forced = Sampling(0.0, 1.0, 200, 1, grammar='root ::= " la"+', repeat_limit=16)
    completion = await teacher.generate(prompt, forced, "la")
    assert completion.finish_reason == "repetition" and len(completion.token_ids) < 200


async def _load_is_reported(teacher: Teacher) -> None:
    """The names of the metrics are vLLM's own and may change with its version."""
    await asyncio.sleep(2.5)
    load = teacher.loads()[0]
    assert load.up and load.kv_tokens == teacher.identity.kv_tokens
    assert load.prefix_queries > load.prefix_hits > 0 and load.sampled_tokens > 100
    assert (load.running, load.waiting, load.refusals) == (0, 0, 0)


def _with_stop(sampling: Sampling, stops: Sequence[int]) -> Sampling:
    return Sampling(sampling.temperature, sampling.top_p, sampling.max_tokens, 1, (), tuple(stops), sampling.grammar)
