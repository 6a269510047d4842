"""The interface of a judging model. The nightly passes in the teacher of the rollout, which this room never imports."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from flows.settings import Teacher


class Drawn(Protocol):
    """One reply of the model."""

    @property
    def text(self) -> str | None:
        """The reply; None if there is none to use."""
        ...

    @property
    def problem(self) -> str:
        """The reason for a missing text."""
        ...

    @property
    def too_long(self) -> bool:
        """True if the prompt does not fit the model's window; nothing was sampled."""
        ...


class JudgeModel(Protocol):
    """An open model, which many threads may use at once."""

    @property
    def model(self) -> str:
        """Name of the model, as its server reports it."""
        ...

    @property
    def tokens(self) -> int:
        """Tokens of all prompts and replies so far; of an API, those of prompts are an estimate."""
        ...

    def draw(self, system: str, user: str, number: int) -> Drawn:
        """The reply number `number` to a prompt, each with a seed of its own; raises if the model fails altogether."""
        ...


OpenJudge = Callable[[Teacher, Path], AbstractContextManager[JudgeModel]]
"""(settings of the model, folder of logs) -> the open model."""
