"""Constraints on the words of a report: the house's own term in place of a common word."""

import re

from flows.domains.instruction_following.families.delivery import Delivery
from flows.domains.instruction_following.families.family import Case, Constraint, Family, Given, overruled, ruled
from flows.domains.instruction_following.families.outline import Outline

TERMS = {
    "staff": ("crew", "colleagues", "house people", "team hands"),
    "visitors": ("guests", "callers", "day patrons", "outside readers"),
    "mistakes": ("slips", "departures", "open points", "deviations"),
    "readers": ("users", "recipients", "addressees", "consumers"),
    "problems": ("matters", "obstacles", "open questions", "hindrances"),
}
"""Common word -> terms that a house may use instead."""
LEAST, MOST = 3, 6
FEWEST_TERMS = 2
"""Terms to choose from; a term that documents use by themselves is none."""


def _draw_term(case: Case) -> Constraint | None:
    common, shown = case.draws.choice(sorted(TERMS)), " ".join(one.text() for one in case.documents)
    terms = [one for one in TERMS[common] if not _times(one, shown)]
    if len(terms) < FEWEST_TERMS:
        return None
    return ruled(case, "house_term", terms, common=common, least=case.draws.randint(LEAST, MOST))


def _uses_term(delivery: Delivery, goal: Given) -> bool:
    bodies = "\n".join(body for _, body in delivery.report(goal["report"]).sections)
    text = " ".join(delivery.files.get(goal["report"], "").split())
    return _times(goal["value"], " ".join(bodies.split())) >= goal["least"] and not _times(goal["common"], text)


def _times(word: str, text: str) -> int:
    return len(re.findall(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE))


def _write_term(outline: Outline, goal: Given) -> None:
    for number in range(goal["least"]):
        outline.add(1 + number % len(outline.bodies), f"This concerns the {goal['value']}.")


TONE = (Family("house_term", _draw_term, _uses_term, _write_term, overruled, 3),)
