"""Verifies that the simulated user kept to its role: it answered the question, from its script, and did no work.

A scripted user always does. A model may reveal more, change a value, or solve the task for the agent; such an attempt
teaches a student to rely on replies that no real user gives. Values are compared, so a paraphrase passes.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flows.domains.contract import Finished, Judgement, Verifier
from flows.environments.played_user import NOTHING
from flows.environments.services.catalogue import Offer, offer_of
from flows.environments.services.office.user import ASK_USER, content_words, script
from schemas.trajectory import Turn

VALUE = re.compile(r"[\w.@/:+-]*\d[\w.@/:+-]*|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
"""A number, an id, a date, an address: values that a user must not change."""
GROUPED = re.compile(r"(?<=\d),(?=\d{3}\b)")
NEGATION = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|without|cannot|neither|nor)\b|n['\u2019]t\b", re.IGNORECASE
)
OPENING = re.compile(r"^\s*(?:no|yes|sure|certainly)\b[,.!: ]*", re.IGNORECASE)
REVEALED_WORDS = 2
"""Words that only the reply to another topic has, from which on a reply gives that topic away."""


def user_fidelity(attempt: Finished) -> Judgement:
    """Passes if each reply of `ask_user` keeps to the role; the score is the share of those that do.

    Reasons: `solved_task` (it names a record of the goal or a tool), `contradicts_script` (a value that the script
    lacks, or its opposite), `revealed_unasked` (a fact of another topic than that of the question).
    """
    offer = offer_of(attempt.task.setup)
    goal = (attempt.hidden and attempt.hidden.goal) or "{}"
    work = _values(" ".join(_strings(json.loads(goal)))) | set(offer.operations) - {offer.shown(ASK_USER)}
    said = list(_exchanges(attempt.turns, offer))
    breaches = [breach(script(offer.setup), asked, words, work) for asked, words in said]
    found = [one for one in breaches if one]
    return Judgement(found[0] if found else "ok", 1 - len(found) / len(said) if said else 1.0)


def breach(facts: Mapping[str, str], asked: str, words: str, work: set[str]) -> str | None:
    """The reason why a reply breaks the role; None if it keeps to it. `work` are the records and tools of the solution.

    Values of the question itself may be repeated.
    """
    if words == NOTHING:
        return None
    answered = " ".join(reply for topic, reply in facts.items() if content_words(topic) & content_words(asked))
    new = _values(words) - _values(asked)
    if work & ((new | _names(words)) - _names(asked) - _values(" ".join(facts.values()))):
        return "solved_task"
    if new - _values(" ".join((*facts, *facts.values()))) or _opposite(answered, words):
        return "contradicts_script"
    own = _values(answered) | _values(" ".join(facts))
    if new - own or any(_gives_away(reply, answered, asked, words) for reply in facts.values()):
        return "revealed_unasked"
    return None


def _gives_away(reply: str, answered: str, asked: str, words: str) -> bool:
    """True if the words hold several that only this reply has, and not those that answer the question."""
    only = content_words(reply) - content_words(answered) - content_words(asked)
    return len(only & content_words(words)) >= min(REVEALED_WORDS, len(only)) > 0


def _opposite(answered: str, words: str) -> bool:
    """True if exactly one of a fact and its reply is negated, though they speak of the same."""
    same = content_words(answered) & content_words(words) or _values(answered) & _values(words)
    return bool(answered and same) and bool(NEGATION.search(answered)) != bool(NEGATION.search(OPENING.sub("", words)))


def _exchanges(turns: Sequence[Turn], offer: Offer) -> Iterator[tuple[str, str]]:
    """(question, reply) of each question to the user that was replied to; ids of calls are unique in a turn only."""
    tool, topic, reply = offer.shown(ASK_USER), offer.field("topic"), offer.field("reply")
    asked: dict[str, str] = {}
    for turn in turns:
        if turn.role == "assistant":
            made = json.loads(turn.tool_calls) if turn.tool_calls and tool in turn.tool_calls else []
            calls = [one for one in made if one["name"] == tool]
            asked = {one["id"]: str(one["arguments"].get(topic, "")) for one in calls}
        elif turn.tool_call_id in asked and turn.kind in {"ok", "truncated"}:
            yield asked[turn.tool_call_id], _reply(turn.observation or "", reply)


def _reply(observation: str, key: str) -> str:
    """The reply in an observation, which may have a line on the budget after it, or be cut."""
    try:
        found = json.JSONDecoder().raw_decode(observation.lstrip())[0]
        return str(found[key])
    except (ValueError, KeyError, TypeError):
        return observation


def _values(text: str) -> set[str]:
    return {one.strip(".:/-").casefold() for one in VALUE.findall(GROUPED.sub("", text))}


def _names(text: str) -> set[str]:
    return set(re.findall(r"\w+(?:_\w+)+", text))


def _strings(found: Any) -> Iterator[str]:
    """Every string and number in a JSON value, keys left out."""
    if isinstance(found, dict):
        found = list(found.values())
    if isinstance(found, list):
        for one in found:
            yield from _strings(one)
    elif isinstance(found, str | int):
        yield str(found)


USER_FIDELITY = Verifier("user_fidelity", "1", user_fidelity)
