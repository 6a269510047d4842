"""The simulated user of an office: a script answers questions about the topics that it knows, and reveals no other."""

import re
from typing import Any

from pydantic import Field

from flows.environments.played_user import NOTHING
from flows.environments.services.operation import Operation, Refusal, Row, Service
from flows.environments.services.setup import Setup
from flows.environments.services.world import World
from flows.environments.tool import Arguments

ASK_USER = "ask_user"
WORD = re.compile(r"[a-z]{3,}")
IGNORED = frozenset({"the", "and", "for", "what", "which", "how", "who", "are", "you", "with", "about", "this", "that"})


class AskUser(Arguments):
    topic: str = Field(min_length=1, description="the one thing that you want to know")


def ask_user(world: World, given: Any) -> Row:
    """The reply to the topic that shares most words with the question; raises Refusal if none does."""
    asked = content_words(given.topic)
    topics = script(world.setup)
    shared = {topic: len(asked & content_words(topic)) for topic in topics}
    best = max(sorted(topics), key=shared.__getitem__, default=None)
    if best is None or not shared[best]:
        raise Refusal(NOTHING, "empty")
    return {"reply": topics[best]}


def script(setup: Setup) -> dict[str, str]:
    """Topic -> reply of the user of a world."""
    return {topic: reply for topic, reply in setup.user.items() if topic != "address"}


def content_words(text: str) -> set[str]:
    """The words of a question or a topic that carry its meaning."""
    return set(WORD.findall(text.lower())) - IGNORED


USER = Service("user", (), (Operation(ASK_USER, AskUser, ask_user),))
