"""Policies by seed: clauses with exceptions, an order of precedence, a default, and an amendment that came later.

Which clause decides is computed twice: by going through the clauses in their order of precedence, and by collecting all
that apply from the printed numbers. A composer compares both.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from flows.domains.general_agentic.batch.facts import Condition, Fact, Values
from flows.domains.general_agentic.office.draws import Draws

PRECEDENCE = ("first", "last", "rank")
"""If several clauses apply: the first printed decides, the last printed, or the one with the lowest rank."""


@dataclass(frozen=True)
class Clause:
    """One clause: the outcome of items that fulfil all conditions and not the exception."""

    conditions: tuple[Condition, ...]
    exception: Condition | None
    outcome: str

    def applies(self, values: Values) -> bool:
        """True if it applies to an item with these facts."""
        held = all(one.holds(values) for one in self.conditions)
        return held and not (self.exception is not None and self.exception.holds(values))

    def facts(self) -> set[str]:
        """Names of the facts in its conditions."""
        return {one.fact.name for one in (*self.conditions, *([self.exception] if self.exception else []))}


@dataclass(frozen=True)
class Amendment:
    """A later change of one limit of a clause."""

    place: int
    """Place of the clause in the order of precedence."""
    before: Clause
    old: Condition
    new: Condition


@dataclass(frozen=True)
class Policy:
    """A policy as it holds, amendment included."""

    clauses: tuple[Clause, ...]
    """In the order of precedence: the first that applies decides."""
    default: str
    precedence: str
    printed: tuple[int, ...]
    """Place in the order of precedence of the clauses as printed, from the top."""
    amendment: Amendment | None = None

    def decide(self, values: Values) -> tuple[int | None, str]:
        """(place of the clause that decides, outcome); None for the default."""
        for place, clause in enumerate(self.clauses):
            if clause.applies(values):
                return place, clause.outcome
        return None, self.default

    def unamended(self) -> "Policy":
        """The policy for a reader who misses the amendment."""
        places = range(len(self.clauses))
        return replace(self, clauses=tuple(map(self.before_amendment, places)), amendment=None)

    def decide_as_printed(self, values: Values) -> str:
        """The outcome as a reader of the document finds it: all clauses that apply, then the rule of precedence."""
        applying = [number for number, place in enumerate(self.printed) if self.clauses[place].applies(values)]
        if not applying:
            return self.default
        by_rank = min(applying, key=self.printed.__getitem__)
        chosen = {"first": min(applying), "last": max(applying), "rank": by_rank}
        return self.clauses[self.printed[chosen[self.precedence]]].outcome

    def before_amendment(self, place: int) -> Clause:
        """The clause at a place of the order of precedence, as it is printed."""
        change = self.amendment
        return change.before if change is not None and change.place == place else self.clauses[place]

    def facts(self) -> set[str]:
        """Names of the facts in all conditions."""
        return {name for clause in self.clauses for name in clause.facts()}


def draw_policy(draws: Draws, facts: Sequence[Fact], outcomes: Sequence[str], n_clauses: int) -> Policy:
    """A policy over these facts in which every outcome but the default is the result of some clause."""
    default, *others = draws.sample(list(outcomes), len(outcomes))
    results = [others[place % len(others)] for place in range(n_clauses)]
    draws.shuffle(results)
    clauses = tuple(_clause(draws, facts, outcome) for outcome in results)
    precedence, order = draws.choice(PRECEDENCE), list(range(n_clauses))
    if precedence == "last":
        order.reverse()
    elif precedence == "rank":
        draws.shuffle(order)
    return _amended(draws, Policy(clauses, default, precedence, tuple(order)))


def _clause(draws: Draws, facts: Sequence[Fact], outcome: str) -> Clause:
    chosen = draws.sample(list(facts), draws.choice((1, 2, 2, 2, 3)) + 1)
    conditions = tuple(one.condition(draws) for one in chosen[:-1])
    return Clause(conditions, chosen[-1].condition(draws) if draws.chance(0.4) else None, outcome)


def _amended(draws: Draws, policy: Policy) -> Policy:
    """The policy with one limit changed by an amendment, if any clause has a limit that can be moved."""
    movable = [
        (place, at)
        for place, clause in enumerate(policy.clauses)
        for at, one in enumerate(clause.conditions)
        if one.fact.sort == "number" and one.fact.high - one.fact.low > 8
    ]
    if not movable:
        return policy
    place, at = draws.choice(movable)
    clause = policy.clauses[place]
    old, fact = clause.conditions[at], clause.conditions[at].fact
    limit, step = int(old.values[0]), max(2, (fact.high - fact.low) // 6)
    new = old.with_limit(limit + step if limit + step < fact.high else limit - step)
    changed = replace(clause, conditions=(*clause.conditions[:at], new, *clause.conditions[at + 1 :]))
    clauses = (*policy.clauses[:place], changed, *policy.clauses[place + 1 :])
    return replace(policy, clauses=clauses, amendment=Amendment(place, clause, old, new))
