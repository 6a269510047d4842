"""The agent loop of one attempt, as a generator that yields acts (generate, call tools, commit) and receives results.

It knows budgets, endings and the order of turns, but no servers, databases or threads: the pool performs each act, and
tests step the loop by hand. A resumed attempt starts from the turns in the journal. Every attempt ends with a status,
whatever the agent writes.
"""

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.environments.environment import Checkpoint
from flows.rollout.loop.acts import Act, Brief, CallTools, Commit, Ending, Generate, Parse, Render
from flows.rollout.loop.budget_lines import budget_values
from flows.rollout.loop.compaction import (
    digest_of,
    evict_results,
    is_digest_possible,
    is_eviction_due,
    open_next_segment,
)
from flows.rollout.loop.episode import Entry, Episode
from flows.rollout.loop.free_tokens import cap_status, completion_tokens, free_tokens, is_over_limit
from flows.rollout.loop.instructions import ToolMessage, format_error_text, instruction
from flows.rollout.loop.repetition import REPETITION, ends_in_repetition
from flows.rollout.protocol import Completion, ContextExceeded, Extension, Message, Parsed
from flows.rollout.tools.observation import Performed
from schemas.trajectory import Status, Turn

MAX_FORMAT_ERRORS = 2
"""Consecutive unparseable completions that are reported to the model; one more ends the attempt."""
REFUSED = "refused"
"""The `parse` of a turn that the model or the provider refused to write: another try would be refused, too."""


@dataclass(frozen=True)
class Reply:
    """The tool messages that answer an assistant turn."""

    messages: Sequence[ToolMessage]
    checkpoint: Checkpoint | None = None
    """The state of the environment after the calls of the turn."""
    forced_status: Status | None = None
    asks_digest: bool = False


Steps = Generator[Act, Any, None]


def attempt(brief: Brief, episode: Episode) -> Generator[Act, Any, Ending]:
    """Run one attempt from the state of its episode to its ending."""
    if episode.length == 0:
        yield from _open(brief, episode)
    while True:
        if episode.last is None:
            if is_eviction_due(brief, episode):
                yield from evict_results(episode)
            ending = _budget_ending(brief, episode)
            if ending:
                return ending
            ending = yield from _generate_turn(brief, episode)
            if ending:
                return ending
        ending = _turn_ending(brief, episode)
        if ending:
            return ending
        if episode.last and episode.digest_due:
            yield from open_next_segment(brief, episode)
        elif episode.last:
            yield from _answer_turn(brief, episode, episode.last)
        if episode.last:
            return Ending(cap_status(brief, episode))


def turn_seed(seed: int, *place: object) -> int:
    """A 31-bit seed derived from a base seed and a place (a trajectory, a turn of it), the same in every run."""
    return int.from_bytes(hashlib.sha256(repr((seed, *place)).encode()).digest()[:4], "big") >> 1


def _budget_ending(brief: Brief, episode: Episode) -> Ending | None:
    if brief.max_seconds and episode.seconds >= brief.max_seconds:
        return Ending("timed_out")
    if completion_tokens(brief, episode) < 1:
        return Ending(episode.forced_status or "context_cap")
    return None


def _turn_ending(brief: Brief, episode: Episode) -> Ending | None:
    if episode.last and episode.last.parse in (REPETITION, REFUSED):
        refused = episode.last.parse == REFUSED
        return Ending("refused", error=episode.last.finish_reason) if refused else Ending("looped", error=REPETITION)
    if episode.forced_status:
        return Ending(episode.forced_status, episode.answer)
    if episode.answer is not None:
        return Ending("answered", episode.answer)
    if episode.parse_failures > MAX_FORMAT_ERRORS and episode.last:
        return Ending("looped", error=f"format:{episode.last.parse}")
    if episode.repeated_calls >= brief.max_repeated_calls:
        return Ending("looped", error="same_call")
    return None


def _open(brief: Brief, episode: Episode) -> Steps:
    messages = (Message("system", brief.system), Message("user", brief.instruction))
    extension: Extension = yield Render(episode.stream, None, messages)
    entries: list[Entry] = []
    for message, (ids, api_message) in zip(messages, extension.split(), strict=True):
        turn = episode.message_turn(message.role, message.content, ids)
        sampling = None if entries else brief.sampling
        entries.append(Entry(turn, extension.cue, sampling=sampling, api_message=api_message))
        episode.add(entries[-1:])
    yield Commit(tuple(entries))


def _generate_turn(brief: Brief, episode: Episode) -> Generator[Act, Any, Ending | None]:
    """Sample, parse and commit one turn; an ending if the server's window is smaller than known and has no room."""
    sampling = replace(
        brief.sampling,
        max_tokens=min(brief.sampling.max_tokens, completion_tokens(brief, episode)),
        seed=turn_seed(brief.sampling.seed, episode.length),
    )
    before = len(episode.stream)
    episode.stream.extend(episode.cue)
    try:
        completion: Completion = yield Generate(
            episode.stream, sampling, episode.writes_text_only, episode.api_messages, episode.n_tokens
        )
    except ContextExceeded:
        return Ending(episode.forced_status or "context_cap")
    finally:
        del episode.stream[before:]
    parsed: Parsed = yield Parse(replace(completion, prompt_ids=episode.prompt_tail()))
    if episode.digest_due:
        parsed = digest_of(parsed)
    elif parsed.parse == "ok" and not parsed.calls and parsed.answer is None:
        parsed = replace(parsed, parse="empty")
    if ends_in_repetition(completion.token_ids, completion.finish_reason, sampling.repeat_limit):
        parsed = replace(parsed, parse=REPETITION, calls=(), answer=None)
    turn = episode.assistant_turn(completion, parsed)
    entry = Entry(turn, answer=parsed.answer, api_message=completion.api_message)
    episode.add([entry])
    yield Commit((entry,))
    return None


def _answer_turn(brief: Brief, episode: Episode, turn: Turn) -> Steps:
    """Append the tool turns after an assistant turn: observations or a format error, the budget, `answer now` at a cap.

    Appends nothing if no final answer would fit after them.
    """
    reply = yield from _reply(brief, episode, turn)
    if episode.assistant_turns < brief.max_turns:
        budget = budget_values(episode, brief.max_turns, brief.max_tokens)
        line = [instruction("budget_line", **budget)] if budget else []
        reply_and_budget = replace(reply, messages=[*reply.messages, *line]) if line else reply
        fits = yield from _append(brief, episode, turn, reply_and_budget)
        if not fits and is_digest_possible(brief, episode):
            asking = replace(reply, messages=[*reply.messages, instruction("digest")], asks_digest=True)
            fits = yield from _append(brief, episode, turn, asking)
        if fits:
            return
    last = replace(reply, messages=[*reply.messages, instruction("answer_now")])
    yield from _append(brief, episode, turn, replace(last, forced_status=cap_status(brief, episode)))


def _reply(brief: Brief, episode: Episode, turn: Turn) -> Generator[Act, Any, Reply]:
    """The observations of a turn's calls, or an explanation of what was wrong with it."""
    if turn.parse != "ok":
        reason = format_error_text(str(turn.parse), brief.tools)
        return Reply([instruction("format_error", reason=reason)])
    done: Performed = yield CallTools(episode.calls)
    messages = [(Message("tool", one.text, one.tool, one.call_id), one) for one in done.observations]
    return Reply(messages, done.checkpoint)


def _append(brief: Brief, episode: Episode, last: Turn, reply: Reply) -> Generator[Act, Any, bool]:
    rendered = tuple(message for message, _ in reply.messages)
    extension: Extension = yield Render(episode.stream, episode.last_completion(last), rendered)
    is_last = reply.forced_status or reply.asks_digest
    if free_tokens(brief, episode, extension.n_tokens) < brief.reserve * (1 if is_last else 2):
        return False
    if not is_last and is_digest_possible(brief, episode) and is_over_limit(brief, episode, extension.n_tokens):
        return False
    entries: list[Entry] = []
    for (message, observation), (ids, api_message) in zip(reply.messages, extension.split(), strict=True):
        if observation:
            turn = episode.tool_turn(observation, ids)
        else:
            turn = episode.message_turn("tool", message.content, ids)
        is_final = len(entries) + 1 == len(reply.messages)
        entry = Entry(turn, extension.cue, forced_status=reply.forced_status, api_message=api_message)
        if is_final and (reply.checkpoint or reply.asks_digest):
            entry = replace(entry, checkpoint=reply.checkpoint, asks_digest=reply.asks_digest)
        entries.append(entry)
        episode.add(entries[-1:])
    yield Commit(tuple(entries))
    return True
