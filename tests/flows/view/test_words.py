"""Sampled tokens become words of the right text, whatever its script, and only in the vocabulary that they are of."""

import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models

from flows.tokenizing.literal_tokenizer import LiteralTokenizer
from flows.view.words import LocalVocabulary, Vocabulary
from tests.doubles.lakes.small_lake import write_records
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.flows.view.viewed import DAY, HOSTILE, client, home_records, pages
from warehouse.lake import Lake


@cache
def vocabulary() -> Vocabulary:
    """One token per byte, so that every character outside ASCII is several tokens."""
    return Vocabulary(tiny.tiny_tokenizer().backend_tokenizer)


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=40), st.data())
def test_words_are_the_sampled_text(text: str, data: st.DataObject) -> None:
    """A character that is lost or doubled makes a reader search for a fault that the model never made."""
    ids = [*text.encode(), tiny.IM_END]
    logprobs = data.draw(st.lists(st.floats(-9, 0), min_size=len(ids), max_size=len(ids)))
    words = vocabulary().words(ids, logprobs)
    assert "".join(word.text for word in words) == text + "<|im_end|>"
    least = min(math.exp(one) for one in logprobs)
    shaded = [word.probability for word in words if word.probability is not None]
    assert min(shaded, default=1.0) == pytest.approx(least) if least < 0.9 else shaded == []


def test_a_character_has_the_shade_of_its_least_probable_token() -> None:
    [before, snowman] = vocabulary().words([*b"a", *"☃".encode()], [0.0, 0.0, -2.0, 0.0])
    assert (before.text, before.probability) == ("a", None)
    assert (snowman.text, snowman.shade) == ("☃", 4)
    assert snowman.probability == pytest.approx(math.exp(-2))


def test_a_space_at_the_start_of_a_token_stays() -> None:
    """Decoders of SentencePiece drop the space before the first word of a text: words would run together."""
    tokens = {"<unk>": 0, "▁a": 1, "a": 2, "▁cat": 3, "s": 4}
    made = Tokenizer(models.BPE(vocab=tokens, merges=[], unk_token="<unk>"))
    made.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    assert [word.text for word in Vocabulary(made).words([3, 4, 3], [-1.0] * 3)] == [" cat", "s", " cat"]


def test_another_vocabulary_gives_no_words(tmp_path: Path) -> None:
    """Ids in the words of another model read as nonsense that the model never wrote."""
    tiny.save(tmp_path / "model")
    right = LiteralTokenizer(tiny.tiny_tokenizer()).vocabulary_sha256()
    local = LocalVocabulary(str(tmp_path / "model"))
    found = local.of(right)
    assert found and found.sha256 == right
    assert local.of("0" * 64) is None and local.of(None) is None
    for absent in (None, str(tmp_path), "nobody/no-such-model", "not a name/at/all"):
        assert LocalVocabulary(absent).of(right) is None
    (tmp_path / "tokenizer.json").write_text("{}")
    assert LocalVocabulary(str(tmp_path)).of(right) is None


def test_a_page_shows_hostile_tokens_as_text(tmp_path: Path) -> None:
    """Sampled text reaches the page a second time, so it must be escaped a second time."""
    tiny.save(tmp_path / "model")
    made, lake = home_records(), Lake(tmp_path / "lake")
    sha256 = LiteralTokenizer(tiny.tiny_tokenizer()).vocabulary_sha256()
    first = made.trajectories[0] = made.trajectories[0].model_copy(update={"vocabulary_sha256": sha256})
    own: dict[str, Any] = {"token_ids": list(HOSTILE.encode()), "n_tokens": len(HOSTILE.encode())}
    own |= {"sampled": [True] * own["n_tokens"], "logprobs": [-1.0] * own["n_tokens"]}
    for at, turn in enumerate(made.turns):
        if turn.trajectory_id == first.trajectory_id and turn.role == "assistant":
            made.turns[at] = turn.model_copy(update=own)
    write_records(lake, DAY, made)
    with pages(lake, tokenizer=str(tmp_path / "model")) as server, client(server) as opened:
        text = opened.get(f"/attempts/{first.trajectory_id}").text
    with pages(lake) as server, client(server) as opened:
        without = opened.get(f"/attempts/{first.trajectory_id}").text
    assert '<mark class="p3" title="0.368">&lt;</mark><mark class="p3" title="0.368">s</mark>' in text
    assert "<script" not in text and '<mark class="p3" title="0.368">\\x202e</mark>' in text
    assert "<mark" not in without and 'class="strip"' in without
