"""Constraints on the frame of a report: its sections, their headings and numbering, and its title."""

import re
from random import Random

from flows.domains.instruction_following.families.delivery import Delivery, bare
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
from flows.domains.instruction_following.families.outline import Outline
from flows.domains.instruction_following.texts.facts import FEWEST_ITEMS, MOST_ITEMS, has_list

SKELETON = "skeleton"
ORDINALS = {1: "every", 2: "every second", 3: "every third"}
STYLES = ("1.", "I.", "A)", "[1]", "Part 1:", "§ 1")
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
INITIALS = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            "Arrangements", "Boundaries", "Conditions", "Dealings", "Exceptions", "Functions", "Grounds", "Habits",
            "Instances", "Judgements", "Knowledge", "Layout", "Matters", "Needs", "Order", "Practice", "Questions",
            "Reasons", "Scope", "Terms", "Usage", "Variants", "Workings", "Xenial points", "Yields", "Zones",
        ),
        strict=True,
    )
)  # fmt: skip
"""A heading for each initial."""
LEADS = ("Digest", "Review", "Survey", "Brief", "Account")


def _draw_headings(case: Case) -> Constraint | None:
    document = case.draws.choice(case.documents)
    step, n = case.draws.choice((1, 2, 3)), case.draws.randint(3, 6)
    most = len(document.sections) - (n - 1) * step
    if most < 1:
        return None
    first, back = case.draws.randint(1, most), case.draws.random() < 0.5
    found = case.fact(document, "headings_between", first, step, n)
    headings = list(reversed(found.value)) if back else list(found.value)
    names = [bare(one) for one in headings]
    if not all(names) or len(set(names)) < n or any(re.search(r"[^\w ,:'()-]", one) for one in names):
        return None
    numbers = [first + step * place for place in range(n)]
    case.n_sections = n
    case.sources = [(document.name, number) for number in (reversed(numbers) if back else numbers)]
    order = "in the opposite order" if back else "in the same order"
    said = case.say("headings_copied", doc=document.name, n=n, step=ORDINALS[step], first=first, order=order)
    return Constraint("headings_copied", {"report": case.report, "headings": headings}, said, (found,))


def _copied(delivery: Delivery, goal: Given) -> bool:
    return delivery.report(goal["report"]).headings == [bare(one) for one in goal["headings"]]


def _swap(goal: Given, draws: Random) -> Goal:
    first, second, *others = goal["headings"]
    return replaced(goal, headings=[second, first, *others])


def _draw_acrostic(case: Case) -> Constraint | None:
    document = case.draws.choice(case.documents)
    n = case.draws.randint(3, min(7, len(document.sections)))
    found = case.fact(document, "headings_between", 1, 1, n)
    letters = [one[:1].upper() for one in reversed(found.value)]
    if not set(letters) <= set(INITIALS):
        return None
    case.n_sections, case.sources = n, []
    said = case.say("acrostic", doc=document.name, n=n)
    return Constraint("acrostic", {"report": case.report, "letters": letters}, said, (found,))


def _spells(delivery: Delivery, goal: Given) -> bool:
    headings = delivery.report(goal["report"]).headings
    return [one[:1].upper() for one in headings] == goal["letters"] and len(set(headings)) == len(headings)


def _write_acrostic(outline: Outline, goal: Given) -> None:
    outline.set_headings([f"{INITIALS[one]}{place or ''}" for place, one in _repeats(goal["letters"])])


def _repeats(letters: list[str]) -> list[tuple[str, str]]:
    """Each letter, with a mark where it came before."""
    return [(f" {letters[:place].count(one) + 1}" * (one in letters[:place]), one) for place, one in enumerate(letters)]


def _other_letter(goal: Given, draws: Random) -> Goal:
    letters = list(goal["letters"])
    letters[-1] = "B" if letters[-1] != "B" else "C"
    return replaced(goal, letters=letters)


def _draw_items(case: Case) -> Constraint | None:
    place = case.readable(has_list)
    if place is None:
        return None
    document, section = place
    found = case.fact(document, "items", section.heading)
    headings = [one[:1].upper() + one[1:] for one in found.value]
    if not FEWEST_ITEMS <= len(headings) <= MOST_ITEMS or [bare(one) for one in headings] != headings:
        return None
    case.n_sections, case.sources = len(headings), []
    said = case.say("item_sections", doc=document.name, heading=section.heading)
    return Constraint("item_sections", {"report": case.report, "headings": headings}, said, (found,))


def prefix(style: str, number: int) -> str:
    """The numbering of a heading, with the blank after it."""
    if style == "I.":
        return f"{ROMAN[number - 1]}. "
    if style == "A)":
        return f"{chr(ord('A') + number - 1)}) "
    return f"{style.replace('1', str(number))} "


def _draw_style(case: Case) -> Constraint:
    return ruled(case, "heading_numbers", STYLES)


def _styled(delivery: Delivery, goal: Given) -> bool:
    sections = delivery.report(goal["report"]).sections
    wanted = [prefix(goal["value"], number) for number in range(1, min(len(sections), len(ROMAN)) + 1)]
    return (
        bool(sections)
        and all(heading.startswith(one) for (heading, _), one in zip(sections, wanted, strict=False))
        and len(wanted) == len(sections)
    )


def _write_style(outline: Outline, goal: Given) -> None:
    outline.prefixes = [prefix(goal["value"], number) for number in range(1, len(outline.headings) + 1)]


def _draw_title(case: Case) -> Constraint | None:
    document = case.draws.choice(case.documents)
    found = case.fact(document, "longest_heading")
    if not found.value or sum(len(one) == len(found.value) for one in document.headings()) > 1:
        return None
    lead = case.draws.choice(LEADS)
    said = case.say("title_longest", doc=document.name, lead=lead)
    return Constraint("title_longest", {"report": case.report, "lead": lead, "heading": found.value}, said, (found,))


def _titled(delivery: Delivery, goal: Given) -> bool:
    return delivery.report(goal["report"]).title == f"{goal['lead']}: {goal['heading']}"


def _write_title(outline: Outline, goal: Given) -> None:
    outline.title = f"{goal['lead']}: {goal['heading']}"


def _cut_title(goal: Given, draws: Random) -> Goal:
    return replaced(goal, heading=goal["heading"][:-1] or "x")


def _write_headings(outline: Outline, goal: Given) -> None:
    outline.set_headings([bare(one) for one in goal["headings"]])


SHAPE = (
    Family("headings_copied", _draw_headings, _copied, _write_headings, _swap, 0, SKELETON),
    Family("acrostic", _draw_acrostic, _spells, _write_acrostic, _other_letter, 0, SKELETON),
    Family("item_sections", _draw_items, _copied, _write_headings, _swap, 0, SKELETON),
    Family("heading_numbers", _draw_style, _styled, _write_style, overruled, 1),
    Family("title_longest", _draw_title, _titled, _write_title, _cut_title, 1),
)
