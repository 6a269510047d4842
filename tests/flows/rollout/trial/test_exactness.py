"""The comparison of stored turns with exchanges finds a single id that differs."""

from collections.abc import Callable

import pytest

from flows.rollout.loop.episode import Episode
from flows.rollout.protocol import Completion, Parsed, Sampling
from flows.rollout.trial.exactness import compare
from flows.rollout.trial.recorder import Exchange
from schemas.trajectory import Turn

SAMPLING = Sampling(1.0, 1.0, 8, 0)


def conversation() -> tuple[list[Turn], list[Exchange]]:
    """A question and an answer: ids 1 to 3 from the factory, 4 as the cue, 5 and 6 sampled."""
    episode = Episode("t", "2026-01-01", cue=[4])
    question = episode.message_turn("user", "Why?", [1, 2, 3])
    answer = episode.assistant_turn(Completion([5, 6], [-0.1, -0.2], "stop"), Parsed("So."))
    completion = Completion([5, 6], [-0.1, -0.2], "stop", prompt_ids=[1, 2, 3, 4])
    return [question, answer], [Exchange("t", [1, 2, 3, 4], SAMPLING, completion)]


def test_equal_ids_are_exact() -> None:
    turns, exchanges = conversation()
    exact = compare(turns, exchanges)
    assert (exact.compared, exact.equal, exact.difference) == (1, 1, None)


def damage_prompt(exchange: Exchange) -> Exchange:
    return Exchange("t", [1, 9, 3, 4], SAMPLING, exchange.completion)


def damage_reply(exchange: Exchange) -> Exchange:
    return Exchange("t", exchange.prompt_ids, SAMPLING, Completion([5, 9], [-0.1, -0.2], "stop"))


def damage_echo(exchange: Exchange) -> Exchange:
    return Exchange("t", exchange.prompt_ids, SAMPLING, Completion([5, 6], [-0.1, -0.2], "stop", [1, 2, 3]))


@pytest.mark.parametrize(
    ("damage", "named"), [(damage_prompt, "prompt"), (damage_reply, "sampled"), (damage_echo, "echo")]
)
def test_one_other_id_is_named(damage: Callable[[Exchange], Exchange], named: str) -> None:
    """A stream that differs by one id trains the student on words that the teacher never saw."""
    turns, exchanges = conversation()
    exact = compare(turns, [damage(exchange) for exchange in exchanges])
    assert (exact.compared, exact.equal) == (1, 0)
    assert exact.difference and named in exact.difference
