"""Before the first attempt, tokenizer and chat template are compared with the server's own ids."""

import logging
from pathlib import Path
from typing import Any

import pytest

from flows.rollout.dialects.open import open_dialect, prove_dialect
from flows.rollout.engines.open import open_teacher
from flows.rollout.protocol import TeacherRefused
from flows.settings import Teacher as TeacherSettings
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.fake_vllm import fake_vllm

OTHER = tiny.QWEN3_TEMPLATE.replace("# Tools", "# Functions")


async def prove(tokenizer: Path, template: str | None = tiny.QWEN3_TEMPLATE, **chosen: Any) -> None:
    with fake_vllm(template=template) as fake:
        settings = TeacherSettings(engine="vllm", urls=[fake.url], tokenizer=str(tokenizer), **chosen)
        async with open_teacher(settings, tokenizer) as teacher:
            await prove_dialect(settings, open_dialect(settings, teacher), teacher)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny.save(tmp_path / "tiny", tiny.QWEN3_TEMPLATE)


@pytest.mark.parametrize("thinking", [None, True, False])
async def test_the_same_template_is_proven(folder: Path, thinking: bool | None, caplog: Any) -> None:
    with caplog.at_level(logging.WARNING):
        await prove(folder, thinking=thinking)
    assert "compared" not in caplog.text


async def test_another_template_is_refused_with_the_first_ids(folder: Path) -> None:
    """The model would read another conversation than the one it was trained on, and the rows would not record it."""
    wanted = (
        r"chat template is not that of .*qwen3.*position \d+ of .*'Functi'.* where we have .*'Tools.*check_template"
    )
    with pytest.raises(TeacherRefused, match=wanted):
        await prove(folder, OTHER)
    await prove(folder, OTHER, check_template=False)


async def test_another_tokenizer_is_refused(folder: Path) -> None:
    """It opens without an error, and the model answers garbage to garbage."""
    raw = (folder / "tokenizer.json").read_text("utf-8")
    swapped = raw.replace('"T": 84', '"T": 85').replace('"U": 85', '"U": 84')
    (folder / "tokenizer.json").write_text(swapped, "utf-8")
    wanted = r"the server's tokenizer is not that of teacher.tokenizer .*position 0 .*Set teacher.tokenizer"
    with pytest.raises(TeacherRefused, match=wanted):
        await prove(folder)


async def test_an_old_server_is_compared_by_its_tokenizer_only(folder: Path, caplog: Any) -> None:
    with caplog.at_level(logging.WARNING):
        await prove(folder, None)
    assert "only its tokenizer was compared" in caplog.text
