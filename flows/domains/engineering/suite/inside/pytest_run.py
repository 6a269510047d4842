"""Runs the tests of a tree with pytest inside a sandbox, and writes one JSON line per test to a report file.

The configuration is its own: no plugin, no option and no ini file of the tree takes part. Standard input holds the
plan: {"tree", "report", "scratch", "files", "select", "ignore", "observe"}.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

MESSAGE_CHARS = 6_000
INI = "[pytest]\npython_files = test*.py *_test.py tests.py\n"
OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "no:junitxml", "-p", "no:pastebin", "--tb=native", "--no-summary",
           "--assert=plain", "--color=no", "--continue-on-collection-errors")  # fmt: skip
"""Plain assertions and tracebacks: to compile and to explain each assertion would take most of the time of a run."""


class Report:
    """A pytest plugin: selects tests by their exact ids, and writes each result as soon as it is there."""

    def __init__(self, plan: dict[str, Any], observations: Any = None) -> None:
        self._observations = observations
        self._select = None if plan["select"] is None else frozenset(plan["select"])
        self._file = os.open(plan["report"], os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._phases: dict[str, dict[str, Any]] = {}

    def pytest_collection_modifyitems(self, config: Any, items: list[Any]) -> None:
        """Leave out tests that are not selected."""
        if self._select is not None:
            items[:] = [item for item in items if item.nodeid in self._select]

    def pytest_collectreport(self, report: Any) -> None:
        """A file that cannot be imported is a result of its own, under the name of the file."""
        if report.failed:
            self._write(report.nodeid, "error", 0.0, str(report.longrepr))

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        """Begin a test."""
        self._phases[nodeid] = {"outcome": "passed", "seconds": 0.0, "message": ""}
        self._line({"started": nodeid})
        if self._observations:
            self._observations.start()

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Add a phase: setup, call or teardown."""
        one = self._phases[report.nodeid]
        one["seconds"] += report.duration
        if report.skipped and one["outcome"] == "passed":
            one["outcome"] = "skipped"
        elif report.failed and one["outcome"] in {"passed", "skipped"}:
            one["outcome"] = "failed" if report.when == "call" else "error"
            one["message"] = str(report.longrepr)

    def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
        """Write the result of a test."""
        self._write(nodeid, **self._phases.pop(nodeid))

    def _write(self, nodeid: str, outcome: str, seconds: float, message: str) -> None:
        cut = (
            message if len(message) <= MESSAGE_CHARS else message[: MESSAGE_CHARS // 2] + message[-MESSAGE_CHARS // 2 :]
        )
        seen = {"seen": self._observations.taken()} if self._observations else {}
        self._line({"id": nodeid, "outcome": outcome, "seconds": round(seconds, 4), "message": cut, **seen})

    def _line(self, record: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(record).encode() + b"\n")


def prepare(plan: dict[str, Any]) -> list[str]:
    """Put the tree on Python's path, behind the standard library, and return pytest's arguments."""
    tree, scratch = Path(plan["tree"]), Path(plan["scratch"])
    (scratch / "own.ini").write_text(INI, "utf-8")
    roots = [str(one) for one in (tree / "src", tree / "lib", tree) if one.is_dir()]
    place = next((at for at, one in enumerate(sys.path) if "-packages" in one), len(sys.path))
    sys.path[place:place] = roots
    os.chdir(tree)
    ignored = [f"--ignore={tree / one}" for one in plan["ignore"]]
    files = sorted({one.split("::")[0] for one in plan["select"]}) if plan["select"] is not None else plan["files"]
    return [
        "-c", str(scratch / "own.ini"), f"--rootdir={tree}", f"--basetemp={scratch / 'tmp'}", *OPTIONS, *ignored, *files
    ]  # fmt: skip


def _observing() -> Any:
    sys.path.insert(0, str(Path(__file__).parent))
    observations = sys.modules["_observations"] = __import__("observations")
    del sys.path[0], sys.modules["observations"]
    return observations


def main() -> int:
    """Run the tests; the exit status is pytest's."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    os.environ.pop("PYTEST_ADDOPTS", None)
    sys.dont_write_bytecode = True
    import pytest

    plan = json.load(sys.stdin)
    begun = time.monotonic()
    observations = _observing() if plan["observe"] else None
    status = int(pytest.main(prepare(plan), plugins=[Report(plan, observations)]))
    print(f"\n{time.monotonic() - begun:.2f} s")
    return status


if __name__ == "__main__":
    sys.exit(main())
