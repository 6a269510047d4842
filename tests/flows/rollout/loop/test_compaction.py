"""Attempts longer than the window: each segment is what the server saw, kills change nothing, copies count nowhere."""

from collections.abc import Callable
from dataclasses import replace
from itertools import groupby
from typing import Literal

import pytest

from flows.rollout.loop.acts import Act, Brief, Compaction, Ending, ReadNotes, Recall
from flows.rollout.loop.episode import Entry, Episode
from flows.rollout.protocol import Completion, Extension, Parsed
from flows.rollout.tools.observation import Performed
from schemas.trajectory import Turn
from tests.doubles.teachers import tiny_tokenizer as tiny
from tests.doubles.teachers.scripted import Script, call
from tests.flows.rollout.loop.test_agent import BRIEF, Driven

WINDOW = 4_000
Kind = Literal["digest", "evict"]


def brief_of(kind: Kind, **changes: object) -> Brief:
    compaction = Compaction(WINDOW, 0.6, kind)
    brief = replace(BRIEF, max_turns=60, max_tokens=16_000, max_repeated_calls=99, compaction=compaction)
    return replace(brief, **changes)  # type: ignore[arg-type]


def working(prompt: str, seed: int) -> str:
    """Searches without end, sums up on demand, and answers when it must."""
    last = prompt.rsplit("<|im_start|>tool\n", 1)[-1]
    if "Your context is nearly full" in last:
        return f"<think>{seed}</think>Seen until seed {seed}."
    return f"It is {seed}." if "answer now" in last else call("search", query=f"words {seed}")


class Compacted(Driven):
    """Performs the acts of compaction, too."""

    notes = "island: Varnay"

    def __init__(self, script: Script = working, brief: Brief | None = None, kind: Kind = "digest") -> None:
        super().__init__(script, brief or brief_of(kind), lambda query: f"{query} " * 14)

    def perform(self, act: Act) -> Extension | Completion | Parsed | Performed | None:
        if isinstance(act, Recall):
            return list(self.entries)  # type: ignore[return-value]
        return self.notes if isinstance(act, ReadNotes) else super().perform(act)  # type: ignore[return-value]

    def segments(self) -> list[list[Turn]]:
        return [list(turns) for _, turns in groupby(self.turns, lambda turn: turn.segment)]


def ids_of(turns: list[Turn]) -> list[int]:
    return [token for turn in turns for token in turn.token_ids]


@pytest.mark.parametrize("kind", ["digest", "evict"])
def test_the_ids_of_each_segment_are_what_the_server_saw(kind: Kind) -> None:
    """A row whose ids no model read teaches a student to act on a context that it will never have."""
    driven = Compacted(kind=kind)
    driven.run()
    segments = driven.segments()
    assert len(segments) >= 3 and [turns[0].segment for turns in segments] == list(range(len(segments)))
    exchanges, seen = iter(driven.teacher.exchanges), 0
    for turns in segments:
        for place, turn in enumerate(turns):
            if not any(turn.sampled):
                continue
            prompt, sampled = next(exchanges)
            n_cue = turn.sampled.index(True)
            assert ids_of(turns[:place]) + turn.token_ids[:n_cue] == prompt
            assert turn.token_ids[n_cue:] == sampled
            assert len(prompt) + len(sampled) <= WINDOW
            seen += 1
    assert seen == len(driven.teacher.exchanges)


def test_a_segment_opens_with_task_notes_digest_and_the_last_step() -> None:
    """Without them the agent begins again, or goes on without knowing what it found."""
    driven = Compacted()
    driven.run()
    first, second = driven.segments()[:2]
    digest, asked, result, step = first[-1], first[-2], first[-3], first[-4]
    assert asked.tool is None and "summary" in (asked.observation or "")
    assert (digest.role, digest.parse, digest.tool_calls) == ("assistant", "ok", None)
    assert digest.content and any(digest.sampled) and digest.content.startswith("Seen until seed")
    system, task, copied_step, copied_result, *own = second
    assert (system.role, system.copy_of, system.token_ids) == ("system", 0, first[0].token_ids)
    assert task.copy_of is None and task.content
    assert all(part in task.content for part in (BRIEF.instruction, "island: Varnay", digest.content))
    assert (copied_step.copy_of, copied_result.copy_of) == (step.index, result.index)
    assert copied_step.token_ids == step.token_ids and copied_result.observation == result.observation
    assert not any(turn.logprobs or any(turn.sampled) for turn in (copied_step, copied_result))
    assert all(turn.copy_of is None for turn in own)


def test_an_eviction_repeats_the_segment_without_its_earlier_results() -> None:
    """A result that stays would fill the window again at once; a step that goes would be made again."""
    driven = Compacted(kind="evict")
    driven.run()
    first, second = driven.segments()[:2]
    copies = [turn for turn in second if turn.copy_of is not None]
    assert [turn.copy_of for turn in copies] == [turn.index for turn in first]
    results = [(turn, driven.turns[turn.copy_of or 0]) for turn in copies if turn.role == "tool"]
    kept = [copy.observation == original.observation for copy, original in results]
    assert kept == [False] * (len(kept) - 3) + [True] * 3
    evicted = results[0][0]
    assert (evicted.observation or "").startswith("This result was removed") and evicted.bytes_dropped > 0


@pytest.mark.parametrize("kind", ["digest", "evict"])
def test_copies_count_in_no_budget(kind: Kind) -> None:
    """An attempt that pays for copies ends early, and one that never ends costs a night."""
    driven = Compacted(kind=kind)
    ending = driven.run()
    own = [turn for turn in driven.turns if turn.copy_of is None]
    spent = sum(turn.n_tokens for turn in own)
    assert ending and ending.status in ("turn_cap", "context_cap") and ending.answer
    assert spent <= driven.brief.max_tokens
    episode = Episode("t1", "2026-01-02")
    episode.add(driven.entries)
    assert episode.spent_tokens == spent
    assert episode.assistant_turns == sum(turn.role == "assistant" for turn in own) <= driven.brief.max_turns + 1
    assert episode.n_tokens == len(ids_of(driven.segments()[-1]))


@pytest.mark.parametrize("kind", ["digest", "evict"])
def test_an_attempt_killed_after_every_commit_goes_on_the_same_way(kind: Kind) -> None:
    """A kill between request, digest and opening must neither sample a digest twice nor open a segment by halves."""
    whole = Compacted(kind=kind)
    ending = whole.run()
    entries: list[Entry] | None = None
    killed, sampled = Compacted(kind=kind), 0
    while not killed.run(entries, commits=1):
        entries, sampled = killed.entries, sampled + len(killed.teacher.exchanges)
        killed = Compacted(kind=kind)
    assert (killed.ending, killed.entries) == (ending, whole.entries)
    assert sampled + len(killed.teacher.exchanges) == len(whole.teacher.exchanges)


def digests(text: Callable[[int], str]) -> Script:
    return lambda prompt, seed: (
        text(seed) if "nearly full" in prompt.rsplit("<|im_start|>tool\n", 1)[-1] else working(prompt, seed)
    )


@pytest.mark.parametrize("text", ["", call("search", query="more"), "<tool_call>{oops"])
def test_an_agent_that_gives_no_digest_goes_on_without_one(text: str) -> None:
    """A call in place of a digest is not made: nothing in the next segment would hold its result."""
    driven = Compacted(digests(lambda seed: text))
    driven.run()
    first, second = driven.segments()[:2]
    assert first[-1].tool_calls is None and first[-1].index == second[0].index - 1
    assert "Your summary of what you did:" in (second[1].content or "")


def test_an_opening_that_is_too_long_leaves_out_the_last_step() -> None:
    """Else the window is full again at once, and no segment gets anywhere."""
    driven = Compacted()
    driven.notes = "Varnay. " * 270
    driven.run()
    opening = [turn for turn in driven.segments()[1] if turn.copy_of is not None]
    assert [turn.role for turn in opening] == ["system"]


def test_without_compaction_an_attempt_ends_at_its_window() -> None:
    """The setting is off by default: attempts and their rows stay as they are."""
    driven = Compacted(brief=brief_of("digest", compaction=None, max_tokens=WINDOW))
    ending = driven.run()
    assert ending and ending.status == "context_cap"
    assert {turn.segment for turn in driven.turns} == {0}
    assert isinstance(ending, Ending) and tiny.decode(ids_of(driven.turns)).count("<|im_start|>user") == 1
