"""The loop of one attempt, as a generator: it yields what it wants done and receives what happened.

It knows budgets, endings and the order of turns, and nothing of servers, databases or threads: whoever
drives it performs each act. Tests step it by hand; a resumed attempt enters it with the turns that the
journal kept. Whatever the agent writes, an attempt ends with a label, never by being dropped.
"""

import hashlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flows.domains.contract import ToolCall, ToolSpec
from flows.rollout.loop.episode import Entry, Episode, calls_of, completion_of
from flows.rollout.loop.repetition import STOPPED, repeats
from flows.rollout.protocol import Completion, Extension, Message, Parsed, Sampling
from flows.rollout.tools.observation import Observation
from schemas.prompt import prompt
from schemas.trajectory import Status, Turn

FORMAT_ERRORS = 2
"""Completions in a row that cannot be parsed before the attempt ends; each one is told to the model."""
ANSWER_TOKENS = 512
"""Context kept free for a last answer, in tokens (at most an eighth of the window)."""


@dataclass(frozen=True)
class Brief:
    """What the loop must know of one attempt: words, tools, budget. Its sampling holds the attempt's seed."""

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
        """Tokens of context that a free turn leaves for a last answer."""
        return min(ANSWER_TOKENS, self.max_tokens // 8)


@dataclass(frozen=True)
class Render:
    """Wants the messages as an Extension of the stream; `after` is the completion that the stream ends with, with
    the end of its own prompt. The stream grows in place: it is valid until the answer is sent."""

    stream: Sequence[int]
    after: Completion | None
    messages: tuple[Message, ...]


@dataclass(frozen=True)
class Generate:
    """Wants a Completion of the prompt. The prompt grows in place: it is valid until the answer is sent."""

    prompt_ids: Sequence[int]
    sampling: Sampling
    must_answer: bool


@dataclass(frozen=True)
class Parse:
    """Wants a completion read, with the end of its prompt (not all of it: that grows with the episode): a Parsed."""

    completion: Completion


@dataclass(frozen=True)
class CallTools:
    """Wants the calls of one turn made side by side: a list of Observation in the calls' order."""

    calls: tuple[ToolCall, ...]


@dataclass(frozen=True)
class Commit:
    """Wants finished turns made durable; nothing else happens before they are."""

    entries: tuple[Entry, ...]


Act = Render | Generate | Parse | CallTools | Commit


@dataclass(frozen=True)
class Ending:
    """How an attempt ended; `error` is a reason code where the status alone does not say why."""

    status: Status
    answer: str | None = None
    error: str | None = None


Steps = Generator[Act, Any, None]
Line = tuple[Message, Observation | None]
"""A tool's message, and the observation that it tells, if it tells one."""


def attempt(brief: Brief, episode: Episode) -> Generator[Act, Any, Ending]:
    """Work one task from wherever the episode stands to its ending."""
    if episode.length == 0:
        yield from _open(brief, episode)
    while True:
        if episode.last is None:
            ending = _spent(brief, episode)
            if ending:
                return ending
            yield from _speak(brief, episode)
        ending = _ended(brief, episode)
        if ending:
            return ending
        if episode.last:
            yield from _listen(brief, episode, episode.last)
        if episode.last:
            return Ending(_cap(brief, episode))


def turn_seed(seed: int, *place: object) -> int:
    """A 31-bit seed for a place (a trajectory, a turn of it), the same on every run."""
    return int.from_bytes(hashlib.sha256(repr((seed, *place)).encode()).digest()[:4], "big") >> 1


def _spent(brief: Brief, episode: Episode) -> Ending | None:
    if brief.max_seconds and episode.seconds >= brief.max_seconds:
        return Ending("timed_out")
    if _room(brief, episode, episode.cue) < brief.reserve:
        return Ending("context_cap")
    return None


def _ended(brief: Brief, episode: Episode) -> Ending | None:
    if episode.last and episode.last.parse == STOPPED:
        return Ending("looped", error=STOPPED)
    if episode.asked:
        return Ending(episode.asked, episode.answer)
    if episode.answer is not None:
        return Ending("answered", episode.answer)
    if episode.failures > FORMAT_ERRORS and episode.last:
        return Ending("looped", error=f"format:{episode.last.parse}")
    if episode.repeats >= brief.max_repeated_calls:
        return Ending("looped", error="same_call")
    return None


def _open(brief: Brief, episode: Episode) -> Steps:
    words = (Message("system", brief.system), Message("user", brief.instruction))
    extension: Extension = yield Render(episode.stream, None, words)
    entries = []
    for message, ids in zip(words, extension.pieces, strict=True):
        entries.append(Entry(episode.message(message.role, message.content, ids), extension.cue))
        episode.add(entries[-1:])
    yield Commit(tuple(entries))


def _speak(brief: Brief, episode: Episode) -> Steps:
    room = _room(brief, episode, episode.cue) - (0 if episode.asked else brief.reserve)
    sampling = replace(
        brief.sampling,
        max_tokens=min(brief.sampling.max_tokens, room),
        seed=turn_seed(brief.sampling.seed, episode.length),
    )
    before = len(episode.stream)
    episode.stream.extend(episode.cue)
    completion: Completion = yield Generate(episode.stream, sampling, episode.asked is not None)
    del episode.stream[before:]
    parsed: Parsed = yield Parse(replace(completion, prompt_ids=episode.latest()))
    if parsed.parse == "ok" and not parsed.calls and parsed.answer is None:
        parsed = replace(parsed, parse="empty")
    if repeats(completion.token_ids, completion.finish_reason, sampling.repeat_limit):
        parsed = replace(parsed, parse=STOPPED, calls=(), answer=None)
    entry = Entry(episode.said(completion, parsed), answer=parsed.answer)
    episode.add([entry])
    yield Commit((entry,))


def _listen(brief: Brief, episode: Episode, said: Turn) -> Steps:
    """What follows the agent's turn: observations, or a word on its format; and `answer now` at a cap.

    Adds nothing when no answer would fit after it.
    """
    lines: list[Line] = []
    if said.parse == "ok":
        heard: list[Observation] = yield CallTools(calls_of(said))
        lines += [(Message("tool", one.text, one.tool, one.call_id), one) for one in heard]
    else:
        lines += [_nudge("format_error", reason=reason(str(said.parse), brief.tools))]
    if episode.spoken < brief.max_turns:
        fits = yield from _append(brief, episode, said, lines)
        if fits:
            return
    yield from _append(brief, episode, said, [*lines, _nudge("answer_now")], asked=_cap(brief, episode))


def _append(
    brief: Brief, episode: Episode, said: Turn, lines: list[Line], asked: Status | None = None
) -> Generator[Act, Any, bool]:
    words = tuple(message for message, _ in lines)
    extension: Extension = yield Render(episode.stream, completion_of(said, episode.before), words)
    added = [token for piece in extension.pieces for token in piece] + extension.cue
    if _room(brief, episode, added) < brief.reserve * (1 if asked else 2):
        return False
    entries = []
    for (message, heard), ids in zip(lines, extension.pieces, strict=True):
        turn = episode.heard(heard, ids) if heard else episode.message("tool", message.content, ids)
        entries.append(Entry(turn, extension.cue, asked=asked))
        episode.add(entries[-1:])
    yield Commit(tuple(entries))
    return True


def reason(parse: str, tools: Sequence[ToolSpec]) -> str:
    """Why a message could not be used, in words for the model that wrote it."""
    known = dict(line.split(": ", 1) for line in prompt("format_reasons").text.splitlines())
    return str(known.get(parse, parse)).format(tools=", ".join(sorted(tool.name for tool in tools)))


def _nudge(name: str, **values: str) -> Line:
    """A prompt as a tool's message: a user's would make chat templates strip the reasoning before it."""
    return Message("tool", prompt(name).text.strip().format(**values)), None


def _cap(brief: Brief, episode: Episode) -> Status:
    return "turn_cap" if episode.spoken >= brief.max_turns else "context_cap"


def _room(brief: Brief, episode: Episode, added: Sequence[int]) -> int:
    return brief.max_tokens - len(episode.stream) - len(added)
