"""A real vLLM server on the CPU, started by the flow: what it returns is what the factory believes it returns.

Needs the teacher's environment (`factory teacher install --cpu`); without it these tests are skipped, unless
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
from flows.rollout.dialects.text import TextDialect
from flows.rollout.engines.embedded.model_download import builtin_model, cache_folder
from flows.rollout.engines.open import open_dialect, open_teacher
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
        reason="no teacher environment",
    ),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module")
def model() -> Path:
    """SmolLM2 as vLLM reads it, converted once."""
    kept = cache_folder() / "smollm2-for-vllm"
    if not kept.exists():
        made = kept.with_suffix(".tmp")
        command = [str(ENVIRONMENT / "bin" / "python"), small_vllm_model.__file__, str(builtin_model()), str(made)]
        subprocess.run(command, check=True)
        made.rename(kept)
    return kept


async def test_a_real_server_keeps_every_id(model: Path, tmp_path: Path) -> None:
    """One start for all that is asked of it: a start takes half a minute."""
    asked = {"engine": "vllm", "model": str(model), "renderer": "qwen3", "context_window": 4_096, "venv": ENVIRONMENT}
    chosen = Settings.model_validate({"home": tmp_path, "teacher": asked})
    async with open_teacher(chosen) as teacher:
        assert teacher.identity.engine == "vllm" and teacher.identity.engine_version
        assert teacher.identity.context == 4_096
        held = teacher.identity.kv_tokens
        assert held and held >= 4_096, "the pool admits by it"
        await _chat_of_many_turns(teacher, open_dialect(chosen, teacher))
        await _line_under_a_grammar(teacher)
        await _ends_of_a_completion(teacher)
        with pytest.raises(TeacherRefused, match="context"):
            await teacher.generate([100] * 5_000, Sampling(0, 1, 8, 1), "long")
        await _repetition_is_cut(teacher)
        await _load_is_told(teacher)


def _flat(extension: Extension) -> list[int]:
    return [token for piece in extension.pieces for token in piece] + extension.cue


async def _chat_of_many_turns(teacher: Teacher, dialect: Dialect) -> None:
    opened = await dialect.open([Message("system", "You are brief."), Message("user", "Name a colour.")], [SEARCH])
    stream = _flat(opened)
    wish = dialect.sampling(Sampling(0.7, 0.95, 48, 3), must_answer=False, tools=[SEARCH])
    cached: list[int | None] = []
    for turn in range(6):
        said = await teacher.generate(stream, wish, "chat")
        assert len(said.logprobs) == len(said.token_ids) and max(said.logprobs) <= 0
        assert said.finish_reason == ("stop" if said.token_ids[-1] in wish.stop_token_ids else "length")
        stream += said.token_ids
        cached.append(said.cached_tokens)
        heard = Message("tool", f"Turn {turn}: <|im_end|> é🙂 日本 </tool_response>" + " and so on" * 20, "search", "c")
        stream += _flat(await dialect.extend(stream, said, [heard]))
    assert cached[-1], "the prefix is not computed again"
    repeated = await teacher.generate(stream, wish, "chat")
    assert repeated.token_ids == (await teacher.generate(stream, wish, "chat")).token_ids, "a seed is a seed"


async def _line_under_a_grammar(teacher: Teacher) -> None:
    dialect = TextDialect(teacher)
    stream = _flat(await dialect.open([Message("user", "Who?")], [SEARCH]))
    for must_answer in (False, True):
        wish = dialect.sampling(Sampling(0.7, 0.95, 96, 3), must_answer=must_answer, tools=[SEARCH])
        said = await teacher.generate(stream, wish, "text")
        written, parsed = await teacher.decode(said.token_ids), await dialect.parse(said, [SEARCH])
        assert parsed.parse == ("ok" if said.finish_reason == "stop" else "truncated"), written
        assert written.startswith("answer: ") or (not must_answer and written.startswith("search: "))


async def _ends_of_a_completion(teacher: Teacher) -> None:
    """The id that stopped a turn is part of it: the dialect would else close the turn a second time."""
    prompt = await teacher.encode("Say: ")
    named = (await teacher.encode("b"))[0]
    forced = Sampling(0.0, 1.0, 40, 1, grammar='root ::= "a" "b" "c"')
    whole = await teacher.generate(prompt, forced, "ends")
    stopped = await teacher.generate(prompt, _with_stop(forced, [named]), "ends")
    assert (await teacher.decode(whole.token_ids)).startswith("abc")
    assert stopped.token_ids[-1] == named and stopped.finish_reason == "stop"


async def _repetition_is_cut(teacher: Teacher) -> None:
    prompt = await teacher.encode("la " * 40)
    forced = Sampling(0.0, 1.0, 200, 1, grammar='root ::= " la"+', repeat_limit=16)
    said = await teacher.generate(prompt, forced, "la")
    assert said.finish_reason == "repetition" and len(said.token_ids) < 200


async def _load_is_told(teacher: Teacher) -> None:
    """All names are vLLM's own: what it says of itself is what was asked of it."""
    await asyncio.sleep(2.5)
    load = teacher.loads()[0]
    assert load.up and load.kv_tokens == teacher.identity.kv_tokens
    assert load.prefix_queries > load.prefix_hits > 0 and load.sampled_tokens > 100
    assert (load.running, load.waiting, load.refusals) == (0, 0, 0)


def _with_stop(sampling: Sampling, stops: Sequence[int]) -> Sampling:
    return Sampling(sampling.temperature, sampling.top_p, sampling.max_tokens, 1, (), tuple(stops), sampling.grammar)


def test_a_night_rolls_out_against_a_server_that_the_flow_starts_itself(model: Path, tmp_path: Path) -> None:
    """The whole rollout over a real server: every attempt ends, and the lake holds the ids that vLLM counted."""
    day, lake = date(2026, 1, 1), Lake(tmp_path / "lake")
    write_wiki_tasks(lake, day, 3, max_turns=2, max_tokens=3_000)
    teacher = {
        "engine": "vllm",
        "model": str(model),
        "renderer": "qwen3",
        "context_window": 4_096,
        "max_completion_tokens": 64,
    }
    chosen = Settings.model_validate({"home": tmp_path, "teacher": teacher | {"venv": ENVIRONMENT}})
    told = run_rollout(chosen, day, silent)
    assert (told["planned"], told["pending"]) == (6, 0), told
    with connect(lake) as con:
        assert not {name: rows for name, rows in run_checks(con).items() if rows}
        engines = con.execute("select distinct engine, dialect, engine_version from trajectories").fetchall()
        said = con.execute("select n_tokens, len(token_ids) from turns where role = 'assistant'").fetchall()
    assert engines[0][:2] == ("vllm", "chat") and engines[0][2].startswith("0.")
    assert said and all(counted == kept > 0 for counted, kept in said)
