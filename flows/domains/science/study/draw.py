"""Draws a study from a seed: topics, specimens, editions that contradict each other, bounds, and the index.

A part is drawn again until its choices matter: another specimen, or constants that are not in force, must change its
result so much that the index leaves its tolerance.
"""

import math
from collections.abc import Mapping
from random import Random
from typing import Any

from flows.domains.science.study.draw_part import draw_part, significant
from flows.domains.science.study.parts import Part, Study, Term
from flows.domains.science.topics import TOPICS, Topic

TOLERANCE = 0.0005
"""Share by which the index may differ."""
LEAST_CHANGE = 0.08
"""Share by which every wrong choice changes the result of its part."""
SIZES, WEIGHTS = (3, 5, 6, 7, 8), (1, 2, 3, 3, 2)
"""Parts of a study, and how often each number is drawn."""
CODES_PER_PART = 40
TRIES = 60
LETTERS = "ABCDEFGHKLMNPRSTUVWXZ"


class Undecided(Exception):
    """No part of a topic was found whose choices matter; the message is the name of the topic."""


def draw_study(seed: int) -> Study:
    """The study of a seed. Raises Undecided."""
    dice = Random(seed)  # noqa: S311 (draws of a study)
    names = dice.sample(sorted(TOPICS), dice.choices(SIZES, WEIGHTS)[0])
    codes = _codes(dice, CODES_PER_PART * len(names) + 1)
    parts, terms, result = list[Part](), list[Term](), 0.0
    for number, name in enumerate(names, 1):
        own = [codes.pop() for _ in range(CODES_PER_PART)]
        part = _decisive(dice, number, TOPICS[name], own, result)
        result = result_of(part, part.given(part.chosen))
        parts.append(part)
        terms.append(Term(dice.randint(15, 30) / 100, significant(result * dice.uniform(0.6, 1.5), 2)))
    return Study(codes.pop(), parts, terms)


def result_of(part: Part, given: Mapping[str, Any]) -> float:
    """The result of the part's procedure; 0 where there is none above it."""
    try:
        value = float(part.topic.solve(given)[part.topic.result.name])
    except (ValueError, OverflowError, ZeroDivisionError):
        return 0.0
    return value if math.isfinite(value) and value > 0 else 0.0


def misread(part: Part) -> list[dict[str, Any]]:
    """The values of every wrong choice: the other specimens, the other edition, the edition without its correction."""
    found = [part.given(one) for one in part.specimens if one is not part.chosen]
    rows = [edition.rows[part.chosen.material] for edition in (part.older, part.later)]
    plain = [{**part.chosen.own, **{name: one.value for name, one in row.items()}} for row in rows]
    right = part.given(part.chosen)
    return found + [one for one in plain if one != right]


def _decisive(dice: Random, number: int, topic: Topic, codes: list[str], before: float) -> Part:
    for _ in range(TRIES):
        part = draw_part(dice, number, topic, codes, before)
        result = result_of(part, part.given(part.chosen))
        others = [result_of(part, given) for given in misread(part)]
        if result and all(abs(one - result) > LEAST_CHANGE * result for one in others):
            return part
    raise Undecided(topic.name)


def _codes(dice: Random, n: int) -> list[str]:
    """Different codes such as RK-417."""
    found = dict[str, None]()
    while len(found) < n:
        found[f"{''.join(dice.choices(LETTERS, k=2))}-{dice.randint(11, 989)}"] = None
    return list(found)
