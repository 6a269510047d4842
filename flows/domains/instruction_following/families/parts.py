"""Constraints on the sections of a report: paragraphs, lengths, quotations, first words and references."""

import re
from random import Random

from flows.domains.instruction_following.families.delivery import Delivery, paragraphs, words
from flows.domains.instruction_following.families.family import (
    Case,
    Constraint,
    Family,
    Given,
    Goal,
    overruled,
    replaced,
    ruled,
)
from flows.domains.instruction_following.families.outline import Outline, filling
from flows.domains.instruction_following.texts.document import Section

PLAIN_START = re.compile(r"[A-Za-z][\w ,;.'-]*\w")
FEWEST_SECTIONS, MOST_SECTIONS = 5, 16
"""Sections of a document from which a section's length is reckoned."""
WORDS_PER_SECTION, SLACK = 12, 8
REFERENCES = ("[{doc} {number}]", "({doc}, section {number})", "<{doc}#{number}>", "({number}/{doc})")


def _draw_paragraphs(case: Case) -> Constraint:
    return ruled(case, "paragraph_number", (2, 3, 4, 5))


def _in_paragraphs(delivery: Delivery, goal: Given) -> bool:
    sections = delivery.report(goal["report"]).sections
    return bool(sections) and all(len(paragraphs(body)) == goal["value"] for _, body in sections)


def _write_paragraphs(outline: Outline, goal: Given) -> None:
    for place, body in enumerate(outline.bodies):
        body[:] = [filling(place + number) for number in range(goal["value"])]


def _draw_quotation(case: Case) -> Constraint | None:
    n = case.draws.randint(6, 12)

    def fits(section: Section) -> object:
        given = section.body.split()
        return len(given) > 2 * n and PLAIN_START.fullmatch(" ".join(given[:n]))

    place = case.readable(fits)
    if place is None:
        return None
    document, section = place
    found = case.fact(document, "first_words", section.heading, n)
    where = case.draws.randint(1, case.n_sections)
    said = case.say("quotation", doc=document.name, heading=section.heading, n=n, place=where)
    return Constraint("quotation", {"report": case.report, "place": where, "quote": found.value}, said, (found,))


def _quotes(delivery: Delivery, goal: Given) -> bool:
    body = " ".join(delivery.report(goal["report"]).body(goal["place"]).split())
    return f'"{goal["quote"]}"' in body


def _write_quotation(outline: Outline, goal: Given) -> None:
    outline.add(goal["place"], f'It begins: "{goal["quote"]}".')


def _shorter(goal: Given, draws: Random) -> Goal:
    return replaced(goal, quote=goal["quote"].rsplit(" ", 1)[0])


def _draw_opening(case: Case) -> Constraint | None:
    document = case.draws.choice(case.documents)
    number = case.draws.randint(1, len(document.sections))
    found = case.fact(document, "headings_between", number, 1, 1)
    if not re.fullmatch(r"[A-Za-z][A-Za-z ,'-]*", found.value[0]):
        return None
    where = case.draws.randint(1, case.n_sections)
    said = case.say("opening_words", doc=document.name, number=number, place=where)
    goal = {"report": case.report, "place": where, "opening": found.value[0].upper()}
    return Constraint("opening_words", goal, said, (found,))


def _opens(delivery: Delivery, goal: Given) -> bool:
    body = " ".join(delivery.report(goal["report"]).body(goal["place"]).split())
    return body.startswith(goal["opening"]) and not body[len(goal["opening"]) :][:1].isalnum()


def _write_opening(outline: Outline, goal: Given) -> None:
    if goal["place"] <= len(outline.bodies):
        body = outline.bodies[goal["place"] - 1]
        body[0] = f"{goal['opening']}: {body[0]}"


def _lowered(goal: Given, draws: Random) -> Goal:
    return replaced(goal, opening=goal["opening"].title())


def _draw_length(case: Case) -> Constraint | None:
    document = case.draws.choice(case.documents)
    found = case.fact(document, "section_count")
    if not FEWEST_SECTIONS <= found.value <= MOST_SECTIONS:
        return None
    where, each = case.draws.randint(1, case.n_sections), WORDS_PER_SECTION + case.draws.randint(0, 4)
    said = case.say("section_length", doc=document.name, place=where, each=each, slack=SLACK)
    goal = {"report": case.report, "place": where, "least": each * found.value, "most": each * found.value + SLACK}
    return Constraint("section_length", goal, said, (found,))


def _long_enough(delivery: Delivery, goal: Given) -> bool:
    n_words = len(words(delivery.report(goal["report"]).body(goal["place"])))
    return bool(goal["least"] <= n_words <= goal["most"])


def _write_length(outline: Outline, goal: Given) -> None:
    outline.pad(goal["place"], goal["least"])


def _too_long(goal: Given, draws: Random) -> Goal:
    return replaced(goal, least=goal["most"] + 1, most=goal["most"] + 1 + SLACK)


def _draw_references(case: Case) -> Constraint | None:
    if not case.sources:
        return None
    found = ruled(case, "references", REFERENCES)
    return Constraint(found.family, {**found.goal, "sources": case.sources}, found.said, topics=found.topics)


def _refers(delivery: Delivery, goal: Given) -> bool:
    sections = delivery.report(goal["report"]).sections
    wanted = [goal["value"].format(doc=doc, number=number) for doc, number in goal["sources"]]
    return len(sections) == len(wanted) and all(
        body.rstrip(" .").endswith(one) for (_, body), one in zip(sections, wanted, strict=True)
    )


def _write_references(outline: Outline, goal: Given) -> None:
    for place, (doc, number) in enumerate(goal["sources"], 1):
        outline.add(place, f"See {goal['value'].format(doc=doc, number=number)}", at_end=True)


PARTS = (
    Family("paragraph_number", _draw_paragraphs, _in_paragraphs, _write_paragraphs, overruled, 1),
    Family("quotation", _draw_quotation, _quotes, _write_quotation, _shorter, 2),
    Family("opening_words", _draw_opening, _opens, _write_opening, _lowered, 4),
    Family("section_length", _draw_length, _long_enough, _write_length, _too_long, 5),
    Family("references", _draw_references, _refers, _write_references, overruled, 6),
)
