"""The simulated user: a script that answers questions about the topics that it knows, and reveals nothing else."""

import re
from typing import Any

from pydantic import Field

from flows.environments.services.operation import Operation, Refusal, Row, Service
from flows.environments.services.world import World
from flows.environments.tool import Arguments

WORD = re.compile(r"[a-z]{3,}")
IGNORED = frozenset({"the", "and", "for", "what", "which", "how", "who", "are", "you", "with", "about", "this", "that"})
NOTHING = "I have nothing to add on that."


class AskUser(Arguments):
    topic: str = Field(min_length=1, description="the one thing that you want to know")


def ask_user(world: World, given: Any) -> Row:
    """The reply to the topic that shares most words with the question; raises Refusal if none does."""
    asked = _words(given.topic)
    topics = {topic: reply for topic, reply in world.setup.user.items() if topic != "address"}
    shared = {topic: len(asked & _words(topic)) for topic in topics}
    best = max(sorted(topics), key=shared.__getitem__, default=None)
    if best is None or not shared[best]:
        raise Refusal(NOTHING, "empty")
    return {"reply": topics[best]}


def _words(text: str) -> set[str]:
    return set(WORD.findall(text.lower())) - IGNORED


USER = Service("user", (), (Operation("ask_user", AskUser, ask_user),))
