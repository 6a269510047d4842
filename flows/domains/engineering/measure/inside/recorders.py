"""Plugins of pytest that record results: with the functions that a test calls, or with the symptom of its failure."""

import json
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from symptom import Symptoms  # type: ignore[import-not-found]


class Report:
    """Lines of results of one variant, written as they come."""

    def __init__(self, path: Path, variant: str, select: list[str] | None) -> None:
        self.variant = variant
        self.select = None if select is None else frozenset(select)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def line(self, record: dict[str, Any]) -> None:
        """Write one record."""
        os.write(self._file, json.dumps(record | {"variant": self.variant}).encode() + b"\n")


class Recorder:
    """Selects tests by their exact ids and writes each result."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._phases: dict[str, dict[str, Any]] = {}

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Leave out tests that are not selected."""
        if self.report.select is not None:
            items[:] = [item for item in items if item.nodeid in self.report.select]

    def pytest_collectreport(self, report: Any) -> None:
        """A file that cannot be imported is a result of its own."""
        if report.failed:
            self.report.line({"id": report.nodeid, "outcome": "error", "seconds": 0.0, "broken_import": True})

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Begin a test."""
        self._phases[nodeid] = {"outcome": "passed", "seconds": 0.0}

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Add a phase: setup, call or teardown."""
        one = self._phases[report.nodeid]
        one["seconds"] += report.duration
        if report.skipped and one["outcome"] == "passed":
            one["outcome"] = "skipped"
        elif report.failed and one["outcome"] in {"passed", "skipped"}:
            one["outcome"] = "failed" if report.when == "call" else "error"

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Write the result of a test."""
        self.report.line({"id": nodeid} | self._phases.pop(nodeid) | self.details())

    def details(self) -> dict[str, Any]:
        """Further facts of the test that just ended."""
        return {}


class Covering(Recorder):
    """Records the functions of the tree that run at import, and those that each test calls."""

    def __init__(self, report: Report, tree: Path) -> None:
        super().__init__(report)
        self._tree = f"{tree}/"
        self._seen: set[CodeType] = set()
        self._start()

    def _start(self) -> None:
        sys.settrace(self._called)
        threading.settrace(self._called)

    def _called(self, frame: FrameType, event: str, argument: Any) -> None:
        self._seen.add(frame.f_code)

    def pytest_collection_finish(self) -> None:
        """Write the functions that ran while the tests were imported."""
        self.report.line({"imported": self._functions()})

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Begin a test."""
        self._seen.clear()
        self._start()
        super().pytest_runtest_logstart(nodeid)

    def details(self) -> dict[str, Any]:
        """The functions that the test called, as [path, first line]."""
        return {"functions": self._functions()}

    def _functions(self) -> list[tuple[str, int]]:
        seen, self._seen = self._seen, set()
        own = {(one.co_filename, one.co_firstlineno) for one in seen if one.co_filename.startswith(self._tree)}
        return sorted((path.removeprefix(self._tree), line) for path, line in own)


class Failing(Recorder):
    """Records the symptom of each failure."""

    def __init__(self, report: Report, tree: Path) -> None:
        super().__init__(report)
        self._symptoms = Symptoms(tree)
        self._symptom: dict[str, str] | None = None

    def pytest_assertrepr_compare(self, op: str, left: Any, right: Any) -> None:
        """Keep the values of the comparison that fails."""
        self._symptoms.compared = (left, right)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Iterator[None]:
        """Find the symptom while the frames of the failure are there."""
        yield
        if call.excinfo and call.when == "call":
            self._symptom = self._symptoms.of(call.excinfo.value, str(item.path))

    def details(self) -> dict[str, Any]:
        """The symptom, if there is one."""
        found, self._symptom, self._symptoms.compared = self._symptom, None, None
        return {"symptom": found} if found else {}
