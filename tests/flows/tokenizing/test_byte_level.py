"""The byte-level tokenizer: its ids and texts equal those of the Rust core that it stands in for."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from flows.tokenizing.byte_level import ByteLevel, byte_level
from tests.doubles.teachers.family_tokenizers import family_tokenizer

QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
    r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
WORDS = [
    "the",
    "keeper's",
    "'VE",
    "(see)",
    "1831,",
    "http://a.b/c_d",
    "",
    "x\n\n\ty\r\n",
    "\x0b\x0c\x1c\x1f|",
    "<tool_call>",
]
TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=20).map(" ".join)


def core_of(pattern: str) -> Tokenizer:
    """A byte-level tokenizer with merges of its own, an added token, and this expression."""
    merges = [("t", "h"), ("th", "e"), ("Ġ", "the"), ("e", "r"), ("Ċ", "Ċ"), ("Ġ", "Ġ"), ("1", "8"), ("ĠĠ", "Ġ")]
    tokens = [*sorted(pre_tokenizers.ByteLevel.alphabet()), *dict.fromkeys("".join(pair) for pair in merges)]
    core = Tokenizer(models.BPE(vocab={token: at for at, token in enumerate(tokens)}, merges=merges))
    core.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), "isolated", invert=False),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    core.decoder, core.normalizer = decoders.ByteLevel(), normalizers.NFC()
    core.add_special_tokens(["<tool_call>"])
    return core


CORES = {pattern: core_of(pattern) for pattern in (QWEN, O200K)}


def taken(core: Tokenizer) -> ByteLevel:
    found = byte_level(core)
    assert found is not None
    return found


@pytest.mark.parametrize("pattern", CORES, ids=["qwen", "o200k"])
@given(TEXTS)
@settings(deadline=None)
def test_ids_are_those_of_the_core(pattern: str, text: str) -> None:
    """Another id would be a token that the model has never seen in that place."""
    core = CORES[pattern]
    ids = taken(core).encode(text)
    assert ids is None or ids == core.encode(text, add_special_tokens=False).ids
    assert (ids is None) == (not text.isascii() or "<" in text)


@pytest.mark.parametrize("pattern", CORES, ids=["qwen", "o200k"])
def test_texts_are_those_of_the_core(pattern: str) -> None:
    """Ids that end within a character, and ids that are none, have the core's own text."""
    core, draws = CORES[pattern], random.Random(0)
    for _ in range(500):
        ids = [draws.randrange(core.get_vocab_size() + 2) for _ in range(draws.randrange(12))]
        assert taken(core).decode(ids) == core.decode(ids, skip_special_tokens=False)


def test_a_tokenizer_that_cuts_otherwise_is_left_to_its_core() -> None:
    """A family with another way to cut text would get other ids."""
    core = CORES[QWEN]
    plain, digits = Tokenizer.from_str(core.to_str()), Tokenizer.from_str(core.to_str())
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    digits.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(), core.pre_tokenizer])
    anchored, partial = core_of(rf"^{QWEN}"), core_of(r"\p{L}+| ?[^\s\p{L}]+")
    marked = core_of(QWEN)
    marked.normalizer = normalizers.Prepend("_")
    assert [byte_level(one) for one in (plain, digits, marked, anchored, partial)] == [None] * 5


@pytest.mark.parametrize("family", ["qwen3", pytest.param("gpt-oss", marks=pytest.mark.slow)])
def test_real_vocabularies_are_taken(family: str) -> None:
    """The families that most teachers are of have the short way."""
    core = family_tokenizer(family).backend_tokenizer
    text = "It's 1831: the keeper wrote 12345 letters,\n\n  and the Reef'll hold.\t(See http://a.b/c?d=e_f)  "
    assert taken(core).encode(text) == core.encode(text, add_special_tokens=False).ids
