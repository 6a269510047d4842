"""Opens a writer: the teacher as a blocking function from a prompt to text, for composers of tasks and for judges.

A writer may be called from many threads at once. A reply that cannot be used is a value of `draw`, since the caller
goes on with its next prompt; a teacher that fails altogether is an error.
"""

import asyncio
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.rollout.chat_protocol import ChatRequest, ChatTeacher
from flows.rollout.dialects.open import open_dialect, prove_dialect
from flows.rollout.engines.open import open_teacher
from flows.rollout.engines.servers.http_errors import LENGTH_STATUSES, MalformedReply, StatusRefused
from flows.rollout.protocol import (
    Completion,
    ContextExceeded,
    Dialect,
    Extension,
    Message,
    Sampling,
    Teacher,
    TeacherError,
)
from flows.rollout.sampling import attempt_sampling
from flows.settings import Teacher as TeacherSettings

REPLY_SHARE = 4
"""A drawn reply needs this share of the window, one in REPLY_SHARE, unless its own limit is lower."""


@dataclass(frozen=True)
class Drawn:
    """One reply; `text` is None if there is none to use, and `problem` is then the reason."""

    text: str | None
    problem: str = ""
    too_long: bool = False
    """True if the prompt does not fit the window; the teacher sampled nothing."""


class TeacherWriter:
    """An open teacher with its dialect, on an event loop of another thread."""

    def __init__(self, settings: TeacherSettings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings, self._loop = settings, loop
        self._stack = AsyncExitStack()
        self._running: set[Future[Any]] = set()
        self.sampled_tokens = 0
        """Tokens sampled for all replies since the writer was made."""
        self._prompt_tokens = 0
        self._teacher: Teacher
        self._dialect: Dialect

    @classmethod
    def of(
        cls, settings: TeacherSettings, loop: asyncio.AbstractEventLoop, teacher: Teacher, dialect: Dialect
    ) -> "TeacherWriter":
        """A writer of a teacher that is open already on a loop; whoever opened it closes it."""
        writer = cls(settings, loop)
        writer._teacher, writer._dialect = teacher, dialect
        return writer

    def open(self, logs: Path) -> None:
        """Open the teacher and its dialect; raises TeacherError."""
        opening = self._stack.enter_async_context(open_teacher(self._settings, logs))
        self._teacher = self._wait(opening)
        self._dialect = open_dialect(self._settings, self._teacher)
        self._wait(prove_dialect(self._settings, self._dialect, self._teacher))

    def close(self) -> None:
        """Cancel what other threads wait for, then close the teacher."""
        for running in list(self._running):
            running.cancel()
        self._wait(self._stack.aclose())

    @property
    def model(self) -> str:
        """Name of the model, as the server reports it."""
        return self._teacher.identity.model

    @property
    def tokens(self) -> int:
        """Tokens of all prompts and replies since the writer was made; of an API, those of prompts are an estimate."""
        return self._prompt_tokens + self.sampled_tokens

    def __call__(self, system: str, user: str) -> str:
        """The answer to a prompt. Raises TeacherError, also for a reply that holds no answer."""
        text, problem = self._wait(self._write(system, user, 0, 1))
        if text is None:
            raise TeacherError(f"{problem}; raise teacher.max_completion_tokens")
        return str(text)

    def draw(self, system: str, user: str, number: int) -> Drawn:
        """The reply number `number` to a prompt: each number has its own seed, equal arguments give equal seeds.

        Raises TeacherError if the teacher fails, not if this one request does.
        """
        least = min(self._settings.max_completion_tokens, self._teacher.identity.context // REPLY_SHARE)
        try:
            return Drawn(*self._wait(self._write(system, user, number, least)))
        except ContextExceeded as error:
            return Drawn(None, str(error), too_long=True)
        except StatusRefused as error:
            if error.status not in LENGTH_STATUSES:
                raise
            return Drawn(None, str(error))
        except MalformedReply as error:
            return Drawn(None, str(error))

    def _wait(self, coroutine: Any) -> Any:
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        self._running.add(future)
        try:
            return future.result()
        finally:
            self._running.discard(future)

    async def _write(self, system: str, user: str, number: int, least: int) -> tuple[str | None, str]:
        """The answer, or None and the reason; ContextExceeded if fewer than `least` tokens are left for it."""
        session = hashlib.sha256(f"{system}\n{user}".encode()).hexdigest()
        drawn = hashlib.sha256(f"{session} {number}".encode()).hexdigest() if number else session
        opened = await self._dialect.open([Message("system", system), Message("user", user)], [])
        remaining = self._teacher.identity.context - opened.n_tokens
        if remaining < least:
            window = self._teacher.identity.context
            raise ContextExceeded(f"a prompt of {opened.n_tokens} tokens fills the context of {window} tokens", window)
        wanted = attempt_sampling(self._settings, self._teacher.identity, int(drawn[:7], 16))
        fitting = replace(wanted, max_tokens=min(wanted.max_tokens, remaining))
        sampling = self._dialect.sampling(fitting, must_answer=True, tools=[])
        completion = await _sample(self._teacher, opened, sampling, session)
        self.sampled_tokens += completion.n_sampled
        self._prompt_tokens += opened.n_tokens
        parsed = await self._dialect.parse(completion, [])
        return parsed.answer, "" if parsed.answer else f"the teacher's reply holds no answer ({parsed.parse})"


async def _sample(teacher: Teacher, opened: Extension, sampling: Sampling, session: str) -> Completion:
    if isinstance(teacher, ChatTeacher):
        return await teacher.reply(ChatRequest(opened.api_messages, [], sampling, must_answer=True), session)
    prompt = [token for piece in opened.pieces for token in piece] + opened.cue
    return await teacher.generate(prompt, sampling, session)


@contextmanager
def open_writer(settings: TeacherSettings, logs: Path) -> Iterator[TeacherWriter]:
    """A function from (system prompt, user text) to the teacher's answer, for those that need text written.

    Equal arguments give equal seeds. Raises TeacherError. Blocks, so never call it on an event loop.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="writer", daemon=True)
    thread.start()
    writer = TeacherWriter(settings, loop)
    try:
        writer.open(logs)
        yield writer
    finally:
        writer.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
