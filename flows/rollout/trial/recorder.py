"""Records every exchange with a teacher during a trial: the prompt, the sampling and the completion.

The trial compares these records with the stored turns. The recorder passes each request on unchanged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flows.rollout.protocol import Completion, Sampling, Teacher
from flows.rollout.server_load import Load


@dataclass(frozen=True)
class Exchange:
    """One completion of a session: the prompt as it was sent, and the reply."""

    session: str
    prompt_ids: list[int]
    sampling: Sampling
    completion: Completion


@dataclass
class Recorder:
    """A Teacher that records the completions of another one, in the order of their replies."""

    teacher: Teacher
    exchanges: list[Exchange] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.identity = self.teacher.identity

    def server(self, session: str) -> str:
        """As the teacher."""
        return self.teacher.server(session)

    def loads(self) -> list[Load]:
        """As the teacher."""
        return self.teacher.loads()

    async def generate(self, prompt_ids: Sequence[int], sampling: Sampling, session: str) -> Completion:
        """As the teacher; the loop goes on to change its prompt, so a copy is kept."""
        prompt = list(prompt_ids)
        completion = await self.teacher.generate(prompt_ids, sampling, session)
        self.exchanges.append(Exchange(session, prompt, sampling, completion))
        return completion

    async def encode(self, text: str) -> list[int]:
        """As the teacher."""
        return await self.teacher.encode(text)

    async def decode(self, token_ids: Sequence[int]) -> str:
        """As the teacher."""
        return await self.teacher.decode(token_ids)
