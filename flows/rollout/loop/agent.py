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
from flows.environments.tool import ToolCall, ToolSpec
from flows.rollout.loop.budget_lines import budget_values
from flows.rollout.loop.episode import Entry, Episode, calls_of
from flows.rollout.loop.instructions import ToolMessage, format_error_text, instruction
from flows.rollout.loop.repetition import REPETITION, ends_in_repetition
from flows.rollout.protocol import Completion, ContextExceeded, Extension, Message, Parsed, Sampling
from flows.rollout.tools.observation import Performed
from schemas.trajectory import Status, Turn

MAX_FORMAT_ERRORS = 2
"""Consecutive unparseable completions that are reported to the model; one more ends the attempt."""
REFUSED = "refused"
"""The `parse` of a turn that the model or the provider refused to write: another try would be refused, too."""
ANSWER_TOKENS = 512
"""Context reserved for a final answer, in tokens (at most an eighth of the window)."""


@dataclass(frozen=True)
class Brief:
    """The inputs of one attempt: prompts, tools, budget, and sampling parameters with the attempt's seed."""

    trajectory_id: str
    run_id: str
    system: str
    instruction: str
    tools: tuple[ToolSpec, ...]
    max_turns: int
    max_tokens: int
    max_seconds: int
    max_repeated_calls: int
    sampling: Sampling

    @property
    def reserve(self) -> int:
        """Tokens of context that an ordinary turn leaves for a final answer."""
        return min(ANSWER_TOKENS, self.max_tokens // 8)


@dataclass(frozen=True)
class Render:
    """Requests the messages as an Extension of the stream.

    `after` is the completion that the stream ends with, with its prompt's tail; None at the start. The stream is
    mutated later: read it before sending the result.
    """

    stream: Sequence[int]
    after: Completion | None
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Generate:
    """Requests a Completion of the prompt. The prompt is mutated later: read it before sending the result."""

    prompt_ids: Sequence[int]
    sampling: Sampling
    must_answer: bool
    api_messages: Sequence[str] = ()
    """The conversation for an API without token ids; `prompt_ids` is empty then."""
    n_tokens: int = 0
    """Tokens of the prompt, those of an API as far as they are counted."""


@dataclass(frozen=True)
class Parse:
    """Requests a completion as Parsed. Its `prompt_ids` are the prompt's tail only, however long the episode is."""

    completion: Completion


@dataclass(frozen=True)
class CallTools:
    """Requests that the calls of one turn are Performed, in order."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True)
class Commit:
    """Requests that finished turns are made durable; the loop continues only after that."""

    entries: tuple[Entry, ...]


Act = Render | Generate | Parse | CallTools | Commit


@dataclass(frozen=True)
class Ending:
    """How an attempt ended; `error` is a reason code for statuses that have several causes."""

    status: Status
    answer: str | None = None
    error: str | None = None


@dataclass(frozen=True)
class Reply:
    """The tool messages that answer an assistant turn."""

    messages: Sequence[ToolMessage]
    checkpoint: Checkpoint | None = None
    """The state of the environment after the calls of the turn."""
    forced_status: Status | None = None


Steps = Generator[Act, Any, None]


def attempt(brief: Brief, episode: Episode) -> Generator[Act, Any, Ending]:
    """Run one attempt from the state of its episode to its ending."""
    if episode.length == 0:
        yield from _open(brief, episode)
    while True:
        if episode.last is None:
            ending = _budget_ending(brief, episode)
            if ending:
                return ending
            ending = yield from _generate_turn(brief, episode)
            if ending:
                return ending
        ending = _turn_ending(brief, episode)
        if ending:
            return ending
        if episode.last:
            yield from _answer_turn(brief, episode, episode.last)
        if episode.last:
            return Ending(_cap_status(brief, episode))


def turn_seed(seed: int, *place: object) -> int:
    """A 31-bit seed derived from a base seed and a place (a trajectory, a turn of it), the same in every run."""
    return int.from_bytes(hashlib.sha256(repr((seed, *place)).encode()).digest()[:4], "big") >> 1


def _budget_ending(brief: Brief, episode: Episode) -> Ending | None:
    if brief.max_seconds and episode.seconds >= brief.max_seconds:
        return Ending("timed_out")
    if _completion_tokens(brief, episode) < 1:
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
        max_tokens=min(brief.sampling.max_tokens, _completion_tokens(brief, episode)),
        seed=turn_seed(brief.sampling.seed, episode.length),
    )
    before = len(episode.stream)
    episode.stream.extend(episode.cue)
    try:
        completion: Completion = yield Generate(
            episode.stream, sampling, episode.forced_status is not None, episode.api_messages, episode.n_tokens
        )
    except ContextExceeded:
        return Ending(episode.forced_status or "context_cap")
    finally:
        del episode.stream[before:]
    parsed: Parsed = yield Parse(replace(completion, prompt_ids=episode.prompt_tail()))
    if parsed.parse == "ok" and not parsed.calls and parsed.answer is None:
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
    reply = yield from _reply(brief, turn)
    if episode.assistant_turns < brief.max_turns:
        budget = budget_values(episode, brief.max_turns, brief.max_tokens)
        line = [instruction("budget_line", **budget)] if budget else []
        fits = yield from _append(brief, episode, turn, replace(reply, messages=[*reply.messages, *line]))
        if fits:
            return
    last = replace(reply, messages=[*reply.messages, instruction("answer_now")])
    yield from _append(brief, episode, turn, replace(last, forced_status=_cap_status(brief, episode)))


def _reply(brief: Brief, turn: Turn) -> Generator[Act, Any, Reply]:
    """The observations of a turn's calls, or an explanation of what was wrong with it."""
    if turn.parse != "ok":
        reason = format_error_text(str(turn.parse), brief.tools)
        return Reply([instruction("format_error", reason=reason)])
    done: Performed = yield CallTools(calls_of(turn))
    messages = [(Message("tool", one.text, one.tool, one.call_id), one) for one in done.observations]
    return Reply(messages, done.checkpoint)


def _append(brief: Brief, episode: Episode, last: Turn, reply: Reply) -> Generator[Act, Any, bool]:
    rendered = tuple(message for message, _ in reply.messages)
    extension: Extension = yield Render(episode.stream, episode.last_completion(last), rendered)
    if _free_tokens(brief, episode, extension.n_tokens) < brief.reserve * (1 if reply.forced_status else 2):
        return False
    entries = []
    for (message, observation), (ids, api_message) in zip(reply.messages, extension.split(), strict=True):
        if observation:
            turn = episode.tool_turn(observation, ids)
        else:
            turn = episode.message_turn("tool", message.content, ids)
        entries.append(Entry(turn, extension.cue, forced_status=reply.forced_status, api_message=api_message))
        episode.add(entries[-1:])
    entries[-1] = replace(entries[-1], checkpoint=reply.checkpoint)
    yield Commit(tuple(entries))
    return True


def _cap_status(brief: Brief, episode: Episode) -> Status:
    return "turn_cap" if episode.assistant_turns >= brief.max_turns else "context_cap"


def _completion_tokens(brief: Brief, episode: Episode) -> int:
    """Tokens that the next turn may have: all that is left for a final answer, else what leaves room for one."""
    return _free_tokens(brief, episode, len(episode.cue)) - (0 if episode.forced_status else brief.reserve)


def _free_tokens(brief: Brief, episode: Episode, added: int) -> int:
    return brief.max_tokens - episode.n_tokens - added
