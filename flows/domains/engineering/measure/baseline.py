"""Facts of an unchanged tree: the tests that pass each time, and the functions that each of them calls."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from flows.domains.engineering.bugs.edit import Place


def function_of(test: str) -> str:
    """The test function of an id, without its parameters."""
    return test.partition("[")[0]


@dataclass(frozen=True)
class Baseline:
    """The tests of a tree as it is."""

    green: frozenset[str]
    """Ids of the tests that pass each time, in both runners."""
    functions: Mapping[Place, frozenset[str]] = field(default_factory=dict)
    """Function -> the green tests that call it."""
    imported: frozenset[Place] = frozenset()
    """Functions that run when the tests are imported: a bug there fails everything."""

    @cached_property
    def n_functions(self) -> Mapping[str, int]:
        """Test -> number of functions that it calls."""
        counts = dict.fromkeys(self.green, 0)
        for tests in self.functions.values():
            for test in tests:
                counts[test] += 1
        return counts

    def focused(self, tests: frozenset[str], most: int) -> list[str]:
        """At most so many of these tests, those first that call the fewest functions."""
        return sorted(tests, key=lambda one: (self.n_functions[one], one))[:most]

    def covering(self, places: tuple[Place, ...]) -> frozenset[str]:
        """The green tests that call one of these functions."""
        return frozenset[str]().union(*(self.functions.get(one, frozenset()) for one in places))

    def to_json(self) -> dict[str, Any]:
        """As JSON; `read` is the inverse."""
        return {
            "green": sorted(self.green),
            "functions": [[one.path, one.line, sorted(tests)] for one, tests in self.functions.items()],
            "imported": sorted([one.path, one.line] for one in self.imported),
        }


def read(stored: Mapping[str, Any]) -> Baseline:
    """The baseline of its JSON."""
    functions = {Place(path, line): frozenset(tests) for path, line, tests in stored["functions"]}
    imported = frozenset(Place(path, line) for path, line in stored["imported"])
    return Baseline(frozenset(stored["green"]), functions, imported)


def steady(*runs: Collection[str]) -> frozenset[str]:
    """The tests of those functions whose tests have the same ids in each run.

    Parameters from a set are in another order, and so under other ids, in each process.
    """
    listed = [defaultdict[str, set[str]](set) for _ in runs]
    for ids, found in zip(runs, listed, strict=True):
        for one in ids:
            found[function_of(one)].add(one)
    return frozenset(one for one in runs[0] if len({frozenset(found[function_of(one)]) for found in listed}) == 1)


def of_records(records: list[dict[str, Any]], green: frozenset[str]) -> Baseline:
    """The baseline of a recorded run, of the tests that also passed elsewhere."""
    passed = {one["id"]: one for one in records if one.get("outcome") == "passed" and one["id"] in green}
    functions: dict[Place, set[str]] = {}
    for name, record in passed.items():
        for path, line in record.get("functions", ()):
            functions.setdefault(Place(path, line), set()).add(name)
    imported = frozenset(Place(*place) for one in records for place in one.get("imported", ()))
    return Baseline(
        frozenset(passed), {one: frozenset(tests) for one, tests in sorted(functions.items(), key=str)}, imported
    )
