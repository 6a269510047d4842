"""Records the requests of a rollout to its teacher, with their times and token counts, so that clients replay them."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

from flows.rollout.engines.open import open_teacher
from flows.rollout.protocol import Completion, Sampling, Teacher
from flows.settings import Teacher as TeacherSettings

Opening = Callable[[TeacherSettings, Path], AbstractAsyncContextManager[Teacher]]
"""A function that opens the teacher of the settings, such as `open_teacher`."""


@dataclass(frozen=True)
class Request:
    """One generation: wall seconds when it began and ended, and its tokens: prompt, cached of it, sampled."""

    session: str
    begun: float
    ended: float
    prompt: int
    cached: int
    sampled: int


@dataclass
class Record:
    """The requests of a rollout, in the order in which they began."""

    in_flight: int
    requests: list[Request] = field(default_factory=list)

    @property
    def sampled(self) -> int:
        """Tokens sampled in all requests."""
        return sum(one.sampled for one in self.requests)

    @property
    def seconds(self) -> float:
        """Wall seconds from the begin of the first request to the end of the last."""
        return max(one.ended for one in self.requests) - min(one.begun for one in self.requests)

    @property
    def rate(self) -> float:
        """Sampled tokens per second over the whole run."""
        return self.sampled / self.seconds

    @property
    def steady_rate(self) -> float:
        """Sampled tokens per second until the last attempt began: until then every slot had work."""
        begins: dict[str, float] = {}
        for one in self.in_order:
            begins.setdefault(one.session, one.begun)
        first, last = min(begins.values()), max(begins.values())
        parts = ((one.sampled, (min(one.ended, last) - one.begun) / (one.ended - one.begun)) for one in self.requests)
        return sum(tokens * share for tokens, share in parts if share > 0) / (last - first)

    @property
    def in_order(self) -> list[Request]:
        """The requests by their begin."""
        return sorted(self.requests, key=lambda one: one.begun)

    def opening(self) -> Opening:
        """An `open_teacher` whose teacher is recorded here."""

        @asynccontextmanager
        async def recorded(settings: TeacherSettings, logs: Path) -> AsyncIterator[Teacher]:
            async with open_teacher(settings, logs) as teacher:
                yield Recording(teacher, self)

        return recorded


class Recording:
    """A teacher whose every completion is recorded."""

    def __init__(self, teacher: Teacher, record: Record) -> None:
        self._teacher, self._record = teacher, record

    def __getattr__(self, name: str) -> Any:
        return getattr(self._teacher, name)

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """The teacher's completion."""
        begun, prompt = perf_counter(), len(prompt_ids)
        completion = await self._teacher.generate(prompt_ids, sampling, session)
        sampled, cached = len(completion.token_ids), completion.cached_tokens or 0
        self._record.requests.append(Request(session, begun, perf_counter(), prompt, cached, sampled))
        return completion
