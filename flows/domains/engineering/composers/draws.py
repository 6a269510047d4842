"""Candidates of the composers: a source, and a stretch of its bugs that no other task of the night uses.

Sources take turns. What one source's tests and bugs were measured to do is shared by all draws of a night, on which
threads work.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from random import Random
from threading import RLock

from flows.domains.contract import Corpus, Refused
from flows.domains.engineering.bugs.candidates import Operator, candidates, varied
from flows.domains.engineering.bugs.edit import Bug, Place
from flows.domains.engineering.examination import is_protected
from flows.domains.engineering.measure.baseline import function_of
from flows.domains.engineering.measure.laboratory import Laboratory
from flows.domains.engineering.measure.node import NodeLaboratory
from flows.domains.engineering.sources.allowlist import Source, chosen
from flows.domains.engineering.suite.languages import JAVASCRIPT, PYTHON
from flows.domains.seeds import seeded
from flows.environments.resources import Resources

LABORATORIES = {PYTHON.name: Laboratory, JAVASCRIPT.name: NodeLaboratory}
STRETCH = 36
"""Bugs that a task may draw from."""
FEWEST_TESTS = 2
"""Test functions that must call a function in which a bug is put."""
MANY_TESTS = 40
"""Functions that more test functions call come last: two of five bugs fit elsewhere, one of six in them."""


@dataclass
class Workshop:
    """The laboratories of a night, each opened when it is first used."""

    resources: Resources
    order: str
    """Seed of the order of bugs."""
    _laboratories: dict[Source, Laboratory] = field(default_factory=dict)
    _locks: dict[Source, RLock] = field(default_factory=dict)
    _bugs: dict[tuple[Source, str], list[Bug]] = field(default_factory=dict)

    def laboratory(self, source: Source) -> Laboratory:
        """The laboratory of a source. Raises SandboxFault where this machine has no sandbox."""
        with self._lock(source):
            if source not in self._laboratories:
                kind = LABORATORIES[source.language]
                sandbox = self.resources.sandbox(source.image)
                self._laboratories[source] = kind(source, self.resources.sources_folder, sandbox)
            return self._laboratories[source]

    def bugs(self, source: Source, operators: Mapping[str, Operator], name: str) -> list[Bug]:
        """All bugs of these operators in tested functions of a source, in the night's order."""

        def listed(laboratory: Laboratory) -> list[Bug]:
            tests = _tested(laboratory)
            found = varied(candidates(laboratory.texts, tests, operators), f"{self.order} {name} {source.name}")
            return sorted(found, key=lambda bug: max(map(tests.__getitem__, bug.functions)) > MANY_TESTS)

        return self.remembered(source, name, listed)

    def remembered(self, source: Source, name: str, listed: Callable[[Laboratory], list[Bug]]) -> list[Bug]:
        """The bugs that a composer of that name lists for a source, listed once a night."""
        with self._lock(source):
            if (source, name) not in self._bugs:
                self._bugs[source, name] = listed(self.laboratory(source))
            return self._bugs[source, name]

    def _lock(self, source: Source) -> RLock:
        """Draws of one source wait for its first measurements."""
        return self._locks.setdefault(source, RLock())


@dataclass(frozen=True)
class Draw:
    """One candidate of a night."""

    number: int
    seed: int
    source: Source
    place: int
    """Number of the draw among those of its source, from 0."""
    workshop: Workshop
    reworded_share: float = 0.0
    """Share of the tasks whose instruction the teacher words."""

    @cached_property
    def dice(self) -> Random:
        """Random numbers of this draw."""
        return Random(self.seed)  # noqa: S311 - nothing secret

    @property
    def laboratory(self) -> Laboratory:
        """Measurements of the source."""
        return self.workshop.laboratory(self.source)

    def bugs(self, operators: Mapping[str, Operator], name: str, size: int = STRETCH) -> list[Bug]:
        """The stretch of this draw. Raises Refused if the source has no more bugs."""
        found = self.workshop.bugs(self.source, operators, name)[self.place * size : (self.place + 1) * size]
        if not found:
            raise Refused("source_exhausted")
        return found


def draws(composer: str, *, git_only: bool = False) -> Callable[[Corpus], Iterator[Draw]]:
    """The candidates of a composer of that name: of all sources, or of git repositories alone."""
    return partial(_draws, composer, git_only)


def _draws(composer: str, git_only: bool, corpus: Corpus) -> Iterator[Draw]:
    sources = [one for one in chosen(corpus.packages, corpus.repositories) if not git_only or one.is_git]
    if not sources:
        return
    night = f"{corpus.settings.seed} {corpus.day.isoformat()}"
    Random(night).shuffle(sources)  # noqa: S311
    workshop = Workshop(corpus.resources, night)
    for one in seeded(composer)(corpus):
        at = one.number - 1
        yield Draw(
            one.number, one.seed, sources[at % len(sources)], at // len(sources), workshop, corpus.settings.reworded
        )


def _tested(laboratory: Laboratory) -> dict[Place, int]:
    """Functions in which a bug is noticed, and does not break the import of the tests; the test functions of each."""
    found = {
        place: len(set(map(function_of, tests)))
        for place, tests in laboratory.baseline.functions.items()
        if place not in laboratory.baseline.imported and not is_protected(place.path, laboratory.language)
    }
    return {place: n for place, n in found.items() if n >= FEWEST_TESTS}
