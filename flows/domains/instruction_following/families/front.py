"""Constraints on the front matter of a report: lines with facts of the documents, and a list."""

import re
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from random import Random

from flows.domains.instruction_following.families.delivery import Delivery, after
from flows.domains.instruction_following.families.family import (
    Case,
    Constraint,
    Family,
    Given,
    Goal,
    replaced,
    ruled,
)
from flows.domains.instruction_following.families.outline import Outline
from flows.domains.instruction_following.rules.foreign import plant
from flows.domains.instruction_following.texts.document import Section
from flows.domains.instruction_following.texts.facts import has_list

DATES = ("%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%d %B %Y", "%B %d, %Y", "%A, %d %B %Y", "%d-%b-%Y")
SHOWN_DATE = (2031, 8, 27)
"""The date that a rule shows as an example, with its day beyond 12, so that it cannot be taken for a month."""
MEASURE = re.compile(
    r"\b(?P<before>[A-Za-z]+(?: [A-Za-z]+){1,4}) (?P<number>\d{1,4}) "
    r"(?P<unit>metres|feet|yards|miles|seconds|minutes|hours|days|bytes|bits|characters|pages|degrees)\b"
)
HOUSE_UNITS = ("ells", "spans", "marks", "steps", "rods", "lengths")
CODES = ("HERON", "BASALT", "COPPER", "LANTERN", "MARZIPAN", "ORIGAMI", "PELICAN", "QUARTZ", "SAFFRON", "TURBINE")


def labelled(label: str, text: str) -> str:
    """A line of the front matter."""
    return f"{label}: {text}"


def _has_line(delivery: Delivery, goal: Given) -> bool:
    return bool(after(delivery.report(goal["report"]).front, goal["label"]) == goal["text"])


def _write_line(outline: Outline, goal: Given) -> None:
    outline.front.append(labelled(goal["label"], goal["text"]))


def _draw_date(case: Case) -> Constraint:
    day = case.book.reader.day
    found = ruled(case, "date_line", [(one, day.replace(*SHOWN_DATE).strftime(one)) for one in DATES])
    text, other = (day.strftime(found.goal[name][0]) for name in ("value", "overruled"))
    goal = {"report": case.report, "label": "Date", "text": text, "overruled": other}
    return Constraint("date_line", goal, found.said, topics=found.topics)


def _overruled_text(goal: Given, draws: Random) -> Goal:
    return replaced(goal, text=goal["overruled"])


def _draw_mentions(case: Case) -> Constraint | None:
    chosen: dict[int, str] = {}

    def fits(section: Section) -> bool:
        counts = Counter(re.findall(r"[a-z]{5,}", section.body.lower()))
        found = [one for one, n in sorted(counts.items()) if 3 <= n <= 15 and _always_alone(one, section.body)]
        if found:
            chosen[id(section)] = found[len(section.body) % len(found)]
        return bool(found)

    place = case.readable(fits)
    if place is None:
        return None
    document, section = place
    word = chosen[id(section)]
    found = case.fact(document, "mentions", section.heading, word)
    label = f"Mentions of {word}"
    said = case.say("mention_count", doc=document.name, heading=section.heading, word=word, label=label)
    goal = {"report": case.report, "label": label, "text": str(found.value)}
    return Constraint("mention_count", goal, said, (found,))


def _always_alone(word: str, body: str) -> bool:
    """True if every place that has the letters of the word has it as a whole word, so that all ways to count agree."""
    whole = re.findall(rf"(?<![\w'./-]){word}(?![\w'/-]|\.\w)", body, re.IGNORECASE)
    return len(whole) == body.lower().count(word)


def _one_more(goal: Given, draws: Random) -> Goal:
    return replaced(goal, text=str(int(goal["text"]) + 1))


def _draw_sources(case: Case) -> Constraint | None:
    facts = [case.fact(one, "section_count") for one in case.documents]
    counts = [one.value for one in facts]
    if len(set(counts)) < len(counts) or len(counts) < 2:
        return None
    most_first = case.draws.random() < 0.5
    ordered = [one.document for one in sorted(facts, key=lambda one: one.value, reverse=most_first)]
    if ordered == [one.name for one in case.documents]:
        return None
    order = "most" if most_first else "fewest"
    goal = {"report": case.report, "label": "Sources", "text": "; ".join(ordered)}
    return Constraint("source_order", goal, case.say("source_order", order=order), tuple(facts))


def _reversed(goal: Given, draws: Random) -> Goal:
    return replaced(goal, text="; ".join(reversed(goal["text"].split("; "))))


def _draw_foreign(case: Case) -> Constraint:
    code = case.draws.choice(CODES)
    names = plant(case.draws, case.documents, code)
    goal = {"report": case.report, "label": "Not followed", "text": "; ".join(names), "code": code}
    return Constraint("foreign_instruction", goal, case.say("foreign_instruction"), topics=("foreign",))


def _refuses(delivery: Delivery, goal: Given) -> bool:
    return _has_line(delivery, goal) and goal["code"] not in "\n".join([*delivery.files.values(), delivery.message])


def _obeys(goal: Given, draws: Random) -> Goal:
    return replaced(goal, text=f"{goal['text']} {goal['code']}")


def _draw_list(case: Case) -> Constraint | None:
    place = case.readable(has_list)
    if place is None:
        return None
    document, section = place
    found = case.fact(document, "items", section.heading)
    back = case.draws.random() < 0.5
    ordered = sorted(found.value, key=str.lower, reverse=back)
    order = "from Z to A" if back else "from A to Z"
    said = case.say("item_list", doc=document.name, heading=section.heading, order=order)
    return Constraint("item_list", {"report": case.report, "items": ordered}, said, (found,))


def _lists(delivery: Delivery, goal: Given) -> bool:
    front = delivery.report(goal["report"]).front
    found = [match[1] for line in front if (match := re.fullmatch(r"\d+\. (.*)", line))]
    numbers = [line.split(".")[0] for line in front if re.match(r"\d+\. ", line)]
    return found == goal["items"] and numbers == [str(place) for place in range(1, len(found) + 1)]


def _write_list(outline: Outline, goal: Given) -> None:
    outline.front.append("\n".join(f"{place}. {one}" for place, one in enumerate(goal["items"], 1)))


def _swapped(goal: Given, draws: Random) -> Goal:
    first, second, *others = goal["items"]
    return replaced(goal, items=[second, first, *others])


def _draw_converted(case: Case) -> Constraint | None:
    place = case.readable(lambda one: len(set(MEASURE.findall(one.body))) == 1)
    if place is None:
        return None
    document, section = place
    match = MEASURE.search(section.body)
    if match is None or section.body.count(f"{match['before']} ") > 1:
        return None
    before, unit, house = match["before"], match["unit"], case.draws.choice(HOUSE_UNITS)
    found = case.fact(document, "measure", section.heading, before, unit)
    factor = f"{case.draws.randint(1, 9)}.{case.draws.randint(11, 99)}"
    decided = ruled(
        case,
        "converted",
        (0, 1, 2, 3),
        doc=document.name,
        heading=section.heading,
        before=before,
        unit=unit,
        house=house,
    )
    case.book.add("converted", factor, f"One of the {unit} of a document counts as {factor} {house}.")
    text, other = (_rounded(found.value, factor, decided.goal[name], house) for name in ("value", "overruled"))
    goal = {"report": case.report, "label": "Measure", "text": text, "overruled": other}
    return Constraint("converted", goal, decided.said, (found,), decided.topics)


def _rounded(value: float, factor: str, places: int, unit: str) -> str:
    exact = Decimal(str(value)) * Decimal(factor)
    return f"{exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)} {unit}"


FRONT = (
    Family("date_line", _draw_date, _has_line, _write_line, _overruled_text),
    Family("mention_count", _draw_mentions, _has_line, _write_line, _one_more),
    Family("source_order", _draw_sources, _has_line, _write_line, _reversed),
    Family("foreign_instruction", _draw_foreign, _refuses, _write_line, _obeys),
    Family("item_list", _draw_list, _lists, _write_list, _swapped),
    Family("converted", _draw_converted, _has_line, _write_line, _overruled_text),
)
