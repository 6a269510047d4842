"""A real vLLM server on the CPU, started by the flow: ids, logprobs, grammar, stops, repetition and load.

Needs vLLM's environment (`factory teacher install --cpu`); without it these tests are skipped, unless
FACTORY_REQUIRE_TEACHER is set.
"""

import asyncio
import os
import subprocess
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from flows.domains.contract import ToolSpec
from flows.rollout.dialects.open import open_dialect
from flows.rollout.dialects.text import TextDialect
from flows.rollout.engines.embedded.model_download import builtin_model, cache_folder
from flows.rollout.engines.open import open_teacher
from flows.rollout.protocol import Dialect, Extension, Message, Sampling, Teacher, TeacherRefused
from flows.rollout.run import run_rollout
from flows.settings import Settings
from tests.doubles.lakes.wiki_tasks import write_wiki_tasks
from tests.doubles.teachers import small_vllm_model
from warehouse.connect import connect
from warehouse.console.progress import silent
from warehouse.lake import Lake
from warehouse.query import run_checks

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
        made = cached.with_suffix(".tmp")
        command = [str(ENVIRONMENT / "bin" / "python"), small_vllm_model.__file__, str(builtin_model()), str(made)]
        subprocess.run(command, check=True)
        made.rename(cached)
    return cached


async def test_a_real_server_keeps_every_id(model: Path, tmp_path: Path) -> None:
    """All checks share one server, since a start takes half a minute."""
    teacher_settings = {
        "engine": "vllm",
        "model": str(model),
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
        await _chat_of_many_turns(teacher, open_dialect(settings.teacher, teacher))
        await _line_under_a_grammar(teacher)
        await _ends_of_a_completion(teacher)
        with pytest.raises(TeacherRefused, match="context"):
            await teacher.generate([100] * 5_000, Sampling(0, 1, 8, 1), "long")
        await _repetition_is_cut(teacher)
        await _load_is_reported(teacher)


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


def test_a_rollout_runs_against_a_server_that_the_flow_starts(model: Path, tmp_path: Path) -> None:
    """A complete rollout over a real server: every attempt ends, and the lake holds the ids that vLLM counted."""
    day, lake = date(2026, 1, 1), Lake(tmp_path / "lake")
    write_wiki_tasks(lake, day, 3, max_turns=2, max_tokens=3_000)
    teacher = {
        "engine": "vllm",
        "model": str(model),
        "renderer": "qwen3",
        "context_window": 4_096,
        "max_completion_tokens": 64,
    }
    settings = Settings.model_validate({"home": tmp_path, "teacher": teacher | {"venv": ENVIRONMENT}})
    counts = run_rollout(settings, day, silent)
    assert (counts["planned"], counts["pending"]) == (6, 0), counts
    with connect(lake) as con:
        assert not {name: rows for name, rows in run_checks(con).items() if rows}
        engines = con.execute("select distinct engine, dialect, engine_version from trajectories").fetchall()
        lengths = con.execute("select n_tokens, len(token_ids) from turns where role = 'assistant'").fetchall()
    assert engines[0][:2] == ("vllm", "chat") and engines[0][2].startswith("0.")
    assert lengths and all(counted == stored > 0 for counted, stored in lengths)
