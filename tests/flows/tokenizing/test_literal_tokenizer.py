"""The literal tokenizer: its ids and offsets equal those of the tokenizer that it wraps."""

from hypothesis import given, settings
from hypothesis import strategies as st

from flows.tokenizing.literal_tokenizer import LiteralTokenizer
from tests.doubles.teachers import tiny_tokenizer as tiny

TOKENIZER = tiny.tiny_tokenizer()
LITERAL = LiteralTokenizer(TOKENIZER)


@settings(deadline=None)
@given(st.text(max_size=60) | st.text(st.sampled_from("<|im_end>/tool_cal \n\ufdd0é🙂"), max_size=60))
def test_the_rust_core_gives_the_tokenizers_own_ids(text: str) -> None:
    """A different id would be a token that the model has never seen in training."""
    options = {"add_special_tokens": False, "return_offsets_mapping": True}
    text = text.replace("\ufdd0", "").encode("utf-8", "replace").decode()
    plain = TOKENIZER(text, **options)
    assert LITERAL.encode(text, add_special_tokens=False) == plain["input_ids"]
    assert LITERAL(text, **options).get("offset_mapping", []) == plain["offset_mapping"]
    assert TOKENIZER.decode(LITERAL.encode(LITERAL.guard(text), add_special_tokens=False)) == text


@settings(deadline=None)
@given(st.lists(st.integers(0, len(TOKENIZER) - 1), max_size=60))
def test_the_rust_core_gives_the_tokenizers_own_text(ids: list[int]) -> None:
    """Another text would be a call, or an answer, that the model did not write."""
    assert LITERAL.decode(ids, skip_special_tokens=False) == TOKENIZER.decode(ids, skip_special_tokens=False)
    assert LITERAL.decode(ids, skip_special_tokens=True) == TOKENIZER.decode(ids, skip_special_tokens=True)
