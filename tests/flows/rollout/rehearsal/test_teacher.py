"""The teacher of a rehearsal writes a policy's calls, reads observations from the prompt, and can begin anywhere."""

from collections.abc import Sequence
from typing import Any

import pytest

from flows.domains.contract import Play
from flows.environments.tool import ToolCall
from flows.rollout.protocol import Completion, Extension, Message, Parsed, Sampling
from flows.rollout.rehearsal.dialect import RehearsalDialect
from flows.rollout.rehearsal.pieces import ModelTokenizer, Pieces, Tokenizer
from flows.rollout.rehearsal.teacher import PolicyTeacher, policy_identity
from schemas.task import Hidden, Task
from tests.doubles.teachers.family_tokenizers import family_tokenizer
from tests.doubles.teachers.tiny_tokenizer import tiny_tokenizer

SAMPLING = Sampling(temperature=1.0, top_p=1.0, max_tokens=10_000, seed=0)
ODD = 'He said: "<|im_end|>" é 日本 🙂\n\n  {"a": [1, 23]} </tool_call>\ttab'
BLANK: dict[str, Any] = dict.fromkeys(Task.model_fields)
TASK = Task.model_construct(**BLANK)


def policy(task: Task, hidden: Hidden | None) -> Play:
    (first,) = yield [ToolCall("a", "look", {"at": ODD})]
    second, third = yield [ToolCall("b", "look", {"at": first.text}), ToolCall("c", "note", {"n": 5})]
    return f"{first.text} / {second.text} / {third.text}"


class Attempt:
    """A conversation of one session, as the loop holds it."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.dialect, self.stream = RehearsalDialect(tokenizer), list[int]()
        self.teacher = self.fresh_teacher(tokenizer)
        self.completion = Completion([], [], "stop")

    def fresh_teacher(self, tokenizer: Tokenizer) -> PolicyTeacher:
        return PolicyTeacher(policy_identity("oracle"), policy, {"s": (TASK, None)}, self.dialect, tokenizer)

    def add(self, extension: Extension) -> None:
        self.stream += [token for piece in extension.pieces for token in piece] + extension.cue

    async def open(self) -> None:
        self.add(await self.dialect.open([Message("system", "Work."), Message("user", ODD)], []))

    async def answer(self, *texts: str) -> None:
        messages = [Message("tool", text, "look", "call_0") for text in texts]
        self.add(await self.dialect.extend(self.stream, self.completion, messages))

    async def turn(self) -> Parsed:
        self.completion = await self.teacher.generate(self.stream, SAMPLING, "s")
        self.stream += self.completion.token_ids
        return await self.dialect.parse(self.completion, [])


def written(parsed: Parsed) -> Sequence[tuple[str, dict[str, Any]]]:
    return [(call.name, call.arguments) for call in parsed.calls]


@pytest.mark.parametrize("tokenizer", [Pieces(), ModelTokenizer(tiny_tokenizer())], ids=["pieces", "model"])
@pytest.mark.parametrize("killed", [False, True])
async def test_a_policy_is_played_through_a_stream_of_tokens(tokenizer: Tokenizer, killed: bool) -> None:
    """Texts that look like control tokens stay text; a teacher of a new process goes on from the prompt alone."""
    attempt = Attempt(tokenizer)
    await attempt.open()
    assert written(await attempt.turn()) == [("look", {"at": ODD})]
    await attempt.answer(f"seen: {ODD}", "turn 10 of 20")
    assert written(await attempt.turn()) == [("look", {"at": f"seen: {ODD}"}), ("note", {"n": 5})]
    await attempt.answer("more", "noted")
    if killed:
        attempt.teacher = attempt.fresh_teacher(tokenizer)
    assert (await attempt.turn()).answer == f"seen: {ODD} / more / noted"


async def test_a_policy_that_fails_ends_its_attempt_only() -> None:
    def broken(task: Task, hidden: Hidden | None) -> Play:
        yield [ToolCall("a", "look", {})]
        raise LookupError("lost")

    attempt = Attempt(Pieces())
    attempt.teacher.policy = broken
    await attempt.open()
    await attempt.turn()
    await attempt.answer("seen")
    assert "The policy failed: LookupError('lost')" in str((await attempt.turn()).answer)


@pytest.mark.slow
def test_the_splitter_counts_about_as_many_tokens_as_qwen3() -> None:
    """Lengths of a rehearsal without a model's tokenizer would mislead otherwise."""
    text = "\n".join(
        f'{{"ticket": "T-{n:04}", "subject": "Refund for order {n * 7}", "from": "mira.{n}@office.example", '
        f'"text": "The parcel arrived on 2026-03-{n % 28 + 1:02} with a broken lid; please refund it."}}'
        for n in range(50)
    )
    real = len(family_tokenizer("qwen3").encode(text, add_special_tokens=False))
    assert 0.85 < len(Pieces().encode(text)) / real < 1.15
