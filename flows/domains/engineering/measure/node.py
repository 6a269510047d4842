"""Measures a source in JavaScript: tests run with node:test, whole files at a time, and note what they call.

A bug is measured with the files of tests that reach its function, by the coverage that the engine itself counts.
"""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from flows.domains.engineering.bugs.edit import Bug, Place
from flows.domains.engineering.bugs.javascript.functions import functions
from flows.domains.engineering.javascript.instruments import instrumented
from flows.domains.engineering.javascript.syntax import Source
from flows.domains.engineering.measure import single as singles
from flows.domains.engineering.measure.baseline import Baseline
from flows.domains.engineering.measure.laboratory import SUITE_S, Laboratory, write_json
from flows.domains.engineering.suite.languages import JAVASCRIPT, Language
from flows.domains.engineering.suite.results import read_report
from flows.domains.engineering.suite.run import REPORT, run_plan
from flows.environments.sandbox import Limits

VARIANT_S = 20
"""Seconds of the tests of one bug."""
NEAR = 24
"""Characters by which the engine and the parser may differ over the start of a function, such as `async`."""


class NodeLaboratory(Laboratory):
    """Measurements of one source in JavaScript."""

    @property
    def language(self) -> Language:
        """JavaScript."""
        return JAVASCRIPT

    def _baseline(self) -> Baseline:
        green = self._judgeable(self._suite().passed & self._suite().passed)
        records = self._observed({}, sorted(green), SUITE_S, cover=True)
        passed = frozenset(one["id"] for one in records if one.get("outcome") == "passed") & green
        found: dict[Place, set[str]] = {}
        for record in records:
            own = {one for one in passed if one.partition("::")[0] == record.get("covered")}
            for place in self._covered(record.get("functions", ())):
                found.setdefault(place, set()).update(own)
        return Baseline(passed, {place: frozenset(own) for place, own in sorted(found.items(), key=str)})

    def _covered(self, ranges: Iterable[tuple[str, int, int]]) -> Iterable[Place]:
        for path, start, end in ranges:
            for first, last, place in self._functions.get(path, ()):
                if end == last and abs(start - first) <= NEAR:
                    yield place

    @cached_property
    def _functions(self) -> Mapping[str, list[tuple[int, int, Place]]]:
        """Path -> (first character, end, place) of its functions; none of files that do not parse."""
        found = dict[str, list[tuple[int, int, Place]]]()
        for path, text in self.texts.items():
            source = Source(text.encode())
            try:
                listed = list(functions(source, path))
            except SyntaxError:
                continue
            found[path] = [(_units(source, node.start_byte), _units(source, node.end_byte), at) for node, at in listed]
        return found

    def _measure(self, bugs: Sequence[Bug]) -> None:
        for bug in bugs:
            covering = self.baseline.covering(bug.functions)
            records = self._observed({}, sorted(covering), VARIANT_S, bugs=[bug])
            results = {one["id"]: one for one in records if isinstance(one.get("id"), str)}
            failed = {name: one.get("symptom") for name, one in results.items() if one["outcome"] == "failed"}
            ended = not any(one.get("limit") for one in records)
            missing = dict.fromkeys(covering - results.keys())
            run = frozenset(results) if results else frozenset[str]()
            write_json(self._place(bug), singles.Single(run, missing | failed if ended else {}, ended).to_json())

    def _observed(
        self, tests: Mapping[str, str], select: Sequence[str], seconds: float, *, bugs: Sequence[Bug] = (),
        cover: bool = False,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """The records of a run of these tests, which note what they call; a last one with `limit` if it had to end."""
        plan = {"select": list(select), "files": [], "ignore": [], "observe": True, "cover": cover}
        with self._changed(bugs) as tree, tempfile.TemporaryDirectory(prefix="measure-") as folder:
            for path in {one.partition("::")[0] for one in select} & self.tests.keys():
                (tree / path).write_text(instrumented(self.tests[path]), "utf-8")
            limits = Limits(wall_s=seconds, cpu_s=seconds)
            done = run_plan(Path(folder), tree, self.sandbox, JAVASCRIPT.name, limits, plan)
            return [*read_report(Path(folder, REPORT)), *([{"limit": done.limit}] if done.limit else [])]


def _units(source: Source, place: int) -> int:
    """A place in bytes, in the units of UTF-16 that the engine counts."""
    return len(source.data[:place].decode("utf-8", "replace").encode("utf-16-le")) // 2
