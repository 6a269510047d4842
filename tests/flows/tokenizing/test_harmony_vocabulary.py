"""gpt-oss needs no download: its encoder's vocabulary is written from the tokenizer, byte for byte."""

import hashlib
import os
from pathlib import Path

import pytest

from flows.tokenizing.harmony_vocabulary import FILE, SHA256, VARIABLE, VocabularyError, provide_vocabulary
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.family_tokenizers import family_tokenizer


@pytest.mark.slow
def test_the_vocabulary_is_written_from_the_tokenizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines without a way to OpenAI's servers could not run gpt-oss at all."""
    tokenizer = family_tokenizer("gpt-oss")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for damage in (None, b"", b"half"):
        monkeypatch.setenv(VARIABLE, "")
        file = tmp_path / "horizon-factory" / "encodings" / FILE
        if damage is not None:
            file.write_bytes(damage)
        provide_vocabulary(tokenizer)
        assert hashlib.sha256(file.read_bytes()).hexdigest() == SHA256
        assert os.environ[VARIABLE] == str(file.parent)


def test_another_tokenizer_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(VARIABLE, "")
    with pytest.raises(VocabularyError, match="not that of gpt-oss"):
        provide_vocabulary(tiny.tiny_tokenizer())
    assert not list(tmp_path.rglob("*.tiktoken"))


def test_a_vocabulary_of_ones_own_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "/srv/encodings")
    provide_vocabulary(tiny.tiny_tokenizer())
    assert os.environ[VARIABLE] == "/srv/encodings"
