"""Compacts the context of an attempt whose budget is larger than the model's window: it goes on in a new segment.

By a digest: the agent sums up its work, and the next segment holds the task, its notes, the digest and its last step.
By eviction, without a word of the model: the next segment repeats the one before, with short lines in place of earlier
results. Both follow from committed turns alone, so a resumed attempt goes on the same way.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from flows.rollout.loop.acts import Brief, Commit, ReadNotes, Recall
from flows.rollout.loop.episode import Entry, Episode
from flows.rollout.loop.free_tokens import is_over_limit, may_compact
from flows.rollout.loop.instructions import EVICTED
from flows.rollout.loop.segment_draft import Drafting, SegmentDraft
from flows.rollout.protocol import Parsed
from schemas.prompt import prompt

KEPT_STEPS = 3
"""Last steps whose results an eviction keeps."""
MIN_FREED = 1 / 8
"""Share of the window that an eviction must free."""


def is_digest_possible(brief: Brief, episode: Episode) -> bool:
    """True if the agent may write a digest now."""
    by_digest = brief.compaction is not None and brief.compaction.kind == "digest"
    return by_digest and not episode.writes_text_only and may_compact(brief, episode)


def is_eviction_due(brief: Brief, episode: Episode) -> bool:
    """True if earlier results are to be evicted before the next turn."""
    by_eviction = brief.compaction is not None and brief.compaction.kind == "evict"
    freed = sum(episode.result_tokens[:-KEPT_STEPS])
    possible = by_eviction and not episode.writes_text_only and freed >= brief.window * MIN_FREED
    return possible and is_over_limit(brief, episode, len(episode.cue)) and may_compact(brief, episode)


def digest_of(parsed: Parsed) -> Parsed:
    """The digest that a completion gives; calls in it are not made, and its text is no answer."""
    text = parsed.answer or parsed.content
    failure = parsed.parse if parsed.parse != "ok" else "empty"
    return replace(parsed, content=text, calls=(), answer=None, parse="ok" if text.strip() else failure)


def open_next_segment(brief: Brief, episode: Episode) -> Drafting:
    """Open the segment after a digest: task, notes, digest, and the last step unless it is too long."""
    entries: list[Entry] = yield Recall()
    notes: str = yield ReadNotes()
    task = (
        prompt("next_segment")
        .text.strip()
        .format(
            instruction=brief.instruction,
            turns=episode.assistant_turns,
            notes=notes or "none",
            digest=entries[-1].turn.content or "none",
        )
    )
    draft = SegmentDraft(episode, entries)
    yield from draft.open(task)
    if step := next(reversed(list(_steps(entries[:-1]))), None):
        with_step = SegmentDraft(episode, entries)
        yield from with_step.open(task)
        yield from with_step.copy(step)
        draft = with_step if brief.compaction and with_step.n_tokens <= brief.compaction.limit else draft
    episode.add(draft.entries)
    yield Commit(tuple(draft.entries))


def evict_results(episode: Episode) -> Drafting:
    """Open a segment that repeats the current one without its earlier results."""
    entries: list[Entry] = yield Recall()
    draft, steps = SegmentDraft(episode, entries), list(_steps(entries))
    yield from draft.open(entries[1].turn.content or "")
    for number, step in enumerate(steps):
        yield from draft.copy(step, EVICTED if number < len(steps) - KEPT_STEPS else None)
    episode.add(draft.entries)
    yield Commit(tuple(draft.entries))


def _steps(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The assistant turns of the last segment, each with the messages that answered it; requests for a digest aside."""
    step: list[Entry] = []
    for entry in entries:
        if entry.turn.segment != entries[-1].turn.segment or entry.asks_digest:
            continue
        if entry.turn.role == "assistant":
            if step:
                yield step
            step = [entry]
        elif step:
            step.append(entry)
    if step:
        yield step
