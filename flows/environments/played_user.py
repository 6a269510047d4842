"""A user played by a model: it answers an agent's questions from a script, and its replies are recorded first.

A world that is rebuilt takes the recorded replies, so each is sampled once and an agent's observations stay true. The
scripted user of an environment stays the default.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from schemas.prompt import prompt
from schemas.record import sha256_text

NOTHING = "I have nothing to add on that."
"""The whole reply to a question that the script does not answer."""
LOST = "The reply is lost."
MAX_CHARS = 2_000
"""Characters of a reply that are kept."""
Exchange = tuple[str, str]
"""(question, reply)."""


class Drawn(Protocol):
    """One reply of a model."""

    @property
    def text(self) -> str | None:
        """The reply; None if there is none to use."""
        ...

    @property
    def problem(self) -> str:
        """The reason for a missing text."""
        ...


class UserModel(Protocol):
    """An open model that plays users; many threads may use it at once."""

    @property
    def model(self) -> str:
        """Name of the model, as its server reports it."""
        ...

    @property
    def sampled_tokens(self) -> int:
        """Tokens sampled for all replies since the model was opened."""
        ...

    def draw(self, system: str, user: str, number: int) -> Drawn:
        """The reply number `number` to a prompt; raises if the model fails altogether."""
        ...


class UserFault(Exception):
    """The model that plays the user gave no reply; the message has its reason."""

    kind = "user"


@dataclass
class PlayedUser:
    """The user of one attempt; `folder` keeps its replies until the attempt has ended."""

    model: UserModel
    script: Mapping[str, str]
    """Topic -> the user's reply: all that the model knows."""
    folder: Path
    said: list[Exchange] = field(default_factory=list)
    """The conversation in this world."""
    closed: bool = False
    """True once its world is closed: a reply that comes later is dropped, since another world may have one."""

    def reply(self, question: str, *, again: bool = False) -> str:
        """The recorded reply if the same question came at this place before, else the model's, recorded first.

        With `again` the model is not used: a reply that is not recorded is then `LOST`. Raises UserFault, OSError, and
        the errors of the model.
        """
        recorded = self._recorded()[: len(self.said) + 1]
        if len(recorded) == len(self.said) + 1 and recorded[-1][0] == question:
            words = recorded[-1][1]
        elif again:
            words = LOST
        else:
            words = self._drawn(question)
            self._record([*self.said, (question, words)])
        self.said.append((question, words))
        return words

    def facts(self) -> dict[str, object]:
        """The model, the hash of its prompt, and the number of its replies, for the outcome of the attempt."""
        return {"model": self.model.model, "prompt_sha256": prompt_sha256(), "replies": len(self.said)}

    def _drawn(self, question: str) -> str:
        if not self.script:
            return NOTHING
        facts = "\n".join(f"- {topic}: {words}" for topic, words in self.script.items())
        system = prompt("play_user", __package__).text.format(facts=facts, nothing=NOTHING)
        earlier = "".join(f"The clerk asked: {asked}\nYou replied: {words}\n\n" for asked, words in self.said)
        turn = prompt("play_user_turn", __package__).text.format(earlier=earlier, question=question)
        drawn = self.model.draw(system, turn, len(self.said))
        if not drawn.text or not drawn.text.strip():
            raise UserFault(f"the model {self.model.model} that plays the user gave no reply: {drawn.problem}")
        return drawn.text.strip()[:MAX_CHARS]

    def _recorded(self) -> list[Exchange]:
        with suppress(FileNotFoundError):
            return [(asked, words) for asked, words in json.loads(self._path.read_text("utf-8"))]
        return []

    def _record(self, said: list[Exchange]) -> None:
        if self.closed:
            raise UserFault("the world of the user was closed before it replied")
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".tmp")
        fresh.write_text(json.dumps(said), "utf-8")
        fresh.replace(self._path)

    @property
    def _path(self) -> Path:
        return self.folder / "user.json"


def prompt_sha256() -> str:
    """The hash of the prompts that make a model a user."""
    return sha256_text("\n".join(prompt(name, __package__).sha256 for name in ("play_user", "play_user_turn")))
