"""Incremental encoding of prompts and comparison of echoes as text: every id stays exact."""

from array import array

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flows.rollout.engines.servers.http_errors import MalformedReply
from flows.rollout.engines.servers.prompt_json import EncodedPrompt, PromptEncoder, TokenMismatch
from flows.rollout.engines.vllm.completions import completion_request, parse_completion
from flows.rollout.protocol import Sampling

IDS = st.lists(st.integers(0, 2**31 - 1), max_size=6)


def text(encoded: EncodedPrompt) -> list[int]:
    ids: list[int] = orjson.loads(b"[" + b"".join(encoded.pieces) + b"]")
    return ids


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 12), IDS), max_size=12), st.integers(0, 400))
def test_the_encoded_prompt_equals_the_stream_after_any_change(
    turns: list[tuple[str, int, list[int]]], limit: int
) -> None:
    """A cut, changed or evicted stream would otherwise be sent with ids that are no longer in it."""
    prompts, streams = PromptEncoder(limit), {"a": array("i"), "b": array("i")}
    for session, length, added in turns:
        stream = streams[session]
        del stream[length:]
        stream.extend(added)
        encoded = prompts.encode(stream, session)
        assert text(encoded) == encoded.tolist() == stream.tolist()
        assert text(prompts.encode(stream.tolist(), "as a list")) == stream.tolist()


def test_a_turn_encodes_only_what_it_adds() -> None:
    """Encoding the whole history on each turn would dominate the cost of the client."""
    prompts, stream = PromptEncoder(), array("i", range(1_000))
    first = prompts.encode(stream, "s").pieces
    before = len(stream)
    stream.extend([7, 8])
    second = prompts.encode(stream, "s").pieces
    del stream[before:]
    stream.extend([7, 8, 9])
    third = prompts.encode(stream, "s").pieces
    assert second[: len(first)] == first and third == (*second, b",9")
    assert all(piece is earlier for piece, earlier in zip(third, second, strict=False))


def test_memory_for_prompts_is_bounded() -> None:
    """Ended sessions would otherwise fill the memory of a long run."""
    prompts, stream = PromptEncoder(max_bytes=100_000), array("i", range(1_000))
    encoded = [prompts.encode(stream, str(session)) for session in range(100)]
    assert prompts.encode(stream, "99").pieces[0] is encoded[99].pieces[0]
    assert prompts.encode(stream, "0").pieces[0] is not encoded[0].pieces[0]


def reply(prompt: object, **choice: object) -> dict[str, object]:
    one = {"text": "", "token_ids": [5, 6], "logprobs": {"token_logprobs": [-1.0, 0.0]}, "finish_reason": "stop"}
    return {"choices": [one | {"prompt_token_ids": prompt} | choice], "usage": {}}


SENT = PromptEncoder().encode([1, 22, 333], "s")


@pytest.mark.parametrize("indent", [0, orjson.OPT_INDENT_2])
def test_an_echo_is_recognized_with_any_spacing(indent: int) -> None:
    raw = orjson.dumps(reply([1, 22, 333]), option=indent)
    assert parse_completion(raw, SENT, 0.0).token_ids == [5, 6]


@given(IDS.filter(lambda ids: ids != [1, 22, 333]), st.sampled_from([0, orjson.OPT_INDENT_2]))
def test_a_different_echo_is_an_error(seen: list[int], indent: int) -> None:
    """The row must hold the ids that the server saw."""
    with pytest.raises(TokenMismatch):
        parse_completion(orjson.dumps(reply(seen), option=indent), SENT, 0.0)


@pytest.mark.parametrize(
    "seen", [[1, 22, 33], [1, 22, 3333], [1, 22], [1, 22, 333, 4], [22, 333], [1, 22, 334], [], [True, 22, 333.5]]
)
def test_a_nearly_equal_echo_is_an_error(seen: list[int]) -> None:
    with pytest.raises(TokenMismatch):
        parse_completion(orjson.dumps(reply(seen)), SENT, 0.0)


def test_text_that_looks_like_an_echo_is_not_one() -> None:
    """A model may write any text, even the expected echo, while the server's own echo differs."""
    written = '"prompt_token_ids":[1,22,333]'
    matching = reply([1, 22, 333], text=written, stop_reason='\\"prompt_token_ids":[')
    assert parse_completion(orjson.dumps(matching), SENT, 0.0).token_ids == [5, 6]
    with pytest.raises(TokenMismatch):
        parse_completion(orjson.dumps(reply([9], text=written)), SENT, 0.0)
    for hiding in ({"prompt_token_ids": [1, 22, 333]}, {'x\\"prompt_token_ids': [1, 22, 333]}):
        with pytest.raises(TokenMismatch):
            parse_completion(orjson.dumps(hiding | reply([9])), SENT, 0.0)
        with pytest.raises(MalformedReply):
            parse_completion(orjson.dumps(hiding | reply(True)), SENT, 0.0)


def test_the_body_is_json_with_the_prompt_ids() -> None:
    body = orjson.loads(b"".join(completion_request("m", SENT, Sampling(0.1, 0.5, 9, 3, repeat_limit=16))))
    assert (body["prompt"], body["model"], body["seed"]) == ([1, 22, 333], "m", 3)
    assert body["repetition_detection"]["min_count"] == 16
