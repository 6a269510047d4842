"""One night's tasks: those that the lake has, those still wanted, and the counts of its candidates.

Each domain fills its quota with its composers; what is refused is counted by composer and reason.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

import duckdb

from flows.domains import composers as known_composers
from flows.domains.contract import Composer, Corpus, Domain
from flows.environments.resources import Resources
from flows.settings import Tasks
from flows.settings.environments import Environments
from flows.tasks.apportion import Source, apportion, portions, turns
from flows.tasks.attempts import Attempts
from flows.tasks.composers import Quota, shares_of
from schemas.task import Hidden, Refusal, Task
from warehouse.connect import query

Composed = tuple[Task, Hidden | None]


@dataclass
class Made:
    """The tasks of a night so far."""

    by_composer: Counter[str]
    by_domain: Counter[str]
    ids: set[str]

    @property
    def total(self) -> int:
        """Number of tasks."""
        return self.by_composer.total()


def made_earlier(con: duckdb.DuckDBPyConnection, day: date) -> Made:
    """The tasks that earlier runs of the night composed, by composers that there still are."""
    composed = con.execute(query("tasks", "composed_tonight"), {"run_id": day.isoformat()}).fetchall()
    known = known_composers()
    names = [composer for composer, _, _ in composed if composer in known]
    domains = Counter(known[name][0].name for name in names)
    return Made(Counter(names), domains, {task_id for _, _, task_id in composed})


@dataclass
class TaskNight:
    """Makes the tasks that a night still wants."""

    settings: Tasks
    day: date
    con: duckdb.DuckDBPyConnection
    quotas: Sequence[Quota]
    attempts: Attempts
    made: Made
    resources: Resources = field(default_factory=Resources)
    environments: Environments = field(default_factory=Environments)
    refused: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """(domain, composer, reason) -> refused candidates."""
    composed: Counter[str] = field(default_factory=Counter)
    """Composer -> tasks of this run."""

    def __post_init__(self) -> None:
        shares = {quota.domain.name: quota.share for quota in self.quotas}
        self._portions = portions(shares, self.settings.per_night)
        self.already = self.made.total

    def tasks(self) -> Iterator[Composed]:
        """The tasks still wanted, in the order that an uninterrupted night has."""
        made = Counter(self.made.by_domain)
        sources = [Source(self._tasks_of(one), one.share, made[one.domain.name]) for one in self.quotas]
        return islice(apportion(sources), max(0, self.settings.per_night - self.already))

    def counts(self) -> Counter[str]:
        """Candidates, composed and refused ones, refusals by reason, and `short:DOMAIN`: what a quota lacks."""
        reasons = Counter[str]()
        for (_, _, reason), n in self.refused.items():
            reasons[f"refused:{reason}"] += n
        composed, refused = self.composed.total(), reasons.total()
        short = Counter({f"short:{name}": n - self.made.by_domain[name] for name, n in self._portions.items()})
        totals = Counter(already=self.already, candidates=composed + refused, composed=composed, refused=refused)
        return totals + self.composed + reasons + short

    def refusals(self) -> list[Refusal]:
        """The refused candidates of this run as rows."""
        return [
            Refusal(domain=domain, composer=composer, reason=reason, n=n, run_id=self.day.isoformat())
            for (domain, composer, reason), n in sorted(self.refused.items())
        ]

    def _tasks_of(self, quota: Quota) -> Iterator[Composed]:
        """The tasks of a domain. Composers that use the same candidates share them; the groups alternate."""
        name = quota.domain.name
        wanted = max(1, self._portions[name] - self.made.by_domain[name])
        groups: dict[object, list[Composer]] = {}
        for composer in quota.composers:
            groups.setdefault(composer.candidates, []).append(composer)
        made, shares = Counter(self.made.by_composer), shares_of(quota, self.settings)
        weights = {
            group[0].name: self.attempts.aim.share(group) * sum(shares[one.name] for one in group)
            for group in groups.values()
        }
        ends = portions(weights, self._portions[name])
        sources = []
        for first, group in zip(weights, groups.values(), strict=True):
            done = sum(made[one.name] for one in group)
            in_turn = turns([(one, shares[one.name]) for one in group])
            tasks = self._tasks_by(quota.domain, in_turn, wanted, ends[first] - done)
            sources.append(Source(tasks, weights[first], done))
        return apportion(sources)

    def _tasks_by(self, domain: Domain, group: Sequence[Composer], wanted: int, own: int) -> Iterator[Composed]:
        """The tasks of composers that take turns; `own` are those of the domain's `wanted` that it is to make."""
        given, sources = (self.con, self.settings, self.day, wanted), self.environments
        code = sources.repositories, sources.issues, sources.packages
        corpus = Corpus(*given, sources.mcp, self.resources, *code)
        names = {composer.name for composer in group}

        def left() -> int:
            return own - sum(self.composed[one] for one in names)

        for composer, candidate, attempt in self.attempts.of(domain, group, group[0].candidates(corpus), left):
            reason = "same_task" if attempt.task_id in self.made.ids else attempt.reason
            if reason or attempt.task is None:
                self.refused[domain.name, composer.name, reason] += 1
                continue
            self.made.ids.add(attempt.task.task_id)
            self.made.by_domain[domain.name] += 1
            self.composed[composer.name] += 1
            if composer.accepted:
                composer.accepted(candidate, attempt.task)
            yield attempt.task, attempt.hidden
