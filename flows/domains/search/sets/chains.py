"""Chains: the answer of one step decides what the next one wants, so that no step can be left out or guessed.

Step 1 counts the pages of a set that a condition selects; step 2 takes the page at that place of another set; step 3
counts the pages of a third set that exceed it.
"""

from flows.domains.contract import Refused
from flows.domains.search.sets.conditions import Condition, draw_condition
from flows.domains.search.sets.draws import Draw, together
from flows.domains.search.sets.graph import Attribute, Listed, Page
from flows.domains.search.sets.question import Question, Truth, of_sets
from flows.domains.search.sets.recount import members_of, value_of
from flows.domains.search.sets.wording import say, say_attribute, say_set

STEPS = 3


def chain(draw: Draw) -> Question:
    """Three steps over three sets; the answer is a number."""
    attribute = draw.attribute()
    sets = draw.sets(attribute, STEPS, STEPS)
    if any(not {page.doc_id for page in one.members} <= attribute.values.keys() for one in sets):
        raise Refused("attribute_missing")
    first, second, third = sets
    condition = draw_condition(draw.dice, attribute, first.members)
    values = {page: attribute.values[page.doc_id] for one in sets for page in one.members}
    truth = _walked(condition, [list(one.members) for one in sets], values)

    def again() -> Truth:
        members = [members_of(one, one.members) for one in sets]
        return _walked(condition, members, {page: value_of(attribute, page) for some in members for page in some})

    sentences = (
        say(draw.dice, "step_count", set=f"Look at {say_set(draw.dice, first)}.", condition=condition.words),
        say(draw.dice, "step_nth", set=say_set(draw.dice, second)),
        _third(draw, third, attribute),
        say(draw.dice, "number"),
    )
    line = ("chain", attribute.kind, attribute.label, *sorted(f"{one.hub.url}#{one.heading}" for one in sets))
    return of_sets(sentences, truth, together(sets, attribute), again, sets, attribute, line)


def _third(draw: Draw, third: Listed, attribute: Attribute) -> str:
    words = say_attribute(draw.dice, attribute)
    return say(draw.dice, "step_more", set=f"Take {say_set(draw.dice, third)}.", attribute=words)


def _walked(condition: Condition, members: list[list[Page]], values: dict[Page, float]) -> float:
    """The answer of the last step. Raises Refused if two pages of the second set sort equally."""
    first, second, third = members
    n = sum(condition.selects(values[page]) for page in first)
    titles = [page.name.casefold() for page in second]
    if len(set(titles)) < len(titles):
        raise Refused("same_titles")
    chosen = sorted(second, key=lambda page: page.name.casefold())[(n - 1) % len(second)]
    return float(sum(values[page] > values[chosen] for page in third))
