"""Measures a source: its tests as they are, single bugs, and trees with several bugs. Measurements are kept on disk.

Single bugs run in a few forks of one sandboxed process, only with tests that call the changed function. Tasks are
measured side by side.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from flows.domains.contract import Refused
from flows.domains.engineering.bugs.edit import Bug, changed_files
from flows.domains.engineering.examination import RUNS, Examination, judged_right
from flows.domains.engineering.measure import baseline as baselines
from flows.domains.engineering.measure import single as singles
from flows.domains.engineering.measure.baseline import Baseline, steady
from flows.domains.engineering.measure.single import Single
from flows.domains.engineering.sources.allowlist import Source
from flows.domains.engineering.suite import Suite, run_suite
from flows.domains.engineering.suite.languages import PYTHON, Language
from flows.domains.engineering.suite.results import read_report
from flows.domains.engineering.suite.run import EQUAL_RUNS
from flows.environments.sandbox import Command, Limits, Mount, Sandbox
from flows.environments.workspace import WorkspaceSetup, tree_folder
from flows.environments.workspace.materialise import materialise
from schemas.record import sha256_text

VERSION = "4"
"""Changes whenever the same bug may be measured differently."""
PROGRAMS = Path(__file__).parent / "inside"
INSIDE = "/harness"
SUITE_S, VARIANT_S = 120, 20
"""Seconds of a whole suite, and of one bug."""
MAX_TEXT = 400_000


@dataclass(frozen=True)
class Laboratory:
    """Measurements of one source."""

    source: Source
    sources_path: Path
    sandbox: Sandbox

    @property
    def language(self) -> Language:
        """The language of the source."""
        return PYTHON

    @cached_property
    def tree(self) -> Path:
        """The folder of the unchanged tree. Raises TreeError."""
        found = tree_folder(dict(self.source.tree), self.sources_path)
        if found is None:
            raise Refused("no_tree")
        return found

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """Path -> text of the source files in which a bug may be, without tests."""
        return {path: text for path, text in self._files() if not self.language.is_test(PurePosixPath(path))}

    @cached_property
    def tests(self) -> Mapping[str, str]:
        """Path -> text of the files of tests."""
        return {path: text for path, text in self._files() if path not in self.texts}

    @cached_property
    def baseline(self) -> Baseline:
        """The tests that pass each time. Raises Refused if there are none."""
        stored = self._folder / "baseline.json"
        if not stored.exists():
            write_json(stored, self._baseline().to_json())
        found = baselines.read(json.loads(stored.read_text("utf-8")))
        if not found.green:
            raise Refused("no_green_tests")
        return found

    def singles(self, bugs: Sequence[Bug]) -> dict[str, Single]:
        """Bug id -> its effect alone; those measured before are read."""
        if missing := [one for one in bugs if not self._place(one).exists()]:
            self._measure(missing)
        return {one.id: singles.read(json.loads(self._place(one).read_text("utf-8"))) for one in bugs}

    def run(self, bugs: Sequence[Bug], select: frozenset[str]) -> Suite:
        """The results of these tests in the tree with all the bugs."""
        with self._changed(bugs) as tree:
            return run_suite(tree, self.sandbox, self.language.name, Limits(wall_s=SUITE_S, cpu_s=SUITE_S), select)

    def _judgeable(self, green: frozenset[str]) -> frozenset[str]:
        """The green tests that the examination judges right on the unchanged tree, each time."""
        for _ in range(RUNS):
            if not green:
                break
            with self._changed([]) as tree, tempfile.TemporaryDirectory(prefix="judge-") as folder:
                examination = Examination(tree, self.sandbox, Limits(wall_s=SUITE_S, cpu_s=SUITE_S))
                green = judged_right(examination, self.language.name, self.tests, green, Path(folder))
        return green

    def _baseline(self) -> Baseline:
        """The baseline, measured now."""
        runs = self._suite(), self._suite()
        records = self._measured({"files": list(self.source.tests), "variants": []})
        ids = [one["id"] for one in records if "id" in one]
        green = runs[0].passed & runs[1].passed & steady(*(one.results for one in runs), ids)
        return baselines.of_records(records, self._judgeable(green))

    def _suite(self) -> Suite:
        limits = Limits(wall_s=SUITE_S, cpu_s=SUITE_S)
        given = {"files": self.source.tests, "ignore": self.source.ignore}
        return run_suite(self.tree, self.sandbox, self.language.name, limits, **given)

    def _measure(self, bugs: Sequence[Bug]) -> None:
        variants = [
            {
                "id": bug.id,
                "files": changed_files(self.texts, [bug]),
                "select": self.baseline.focused(self.baseline.covering(bug.functions), singles.SAMPLE),
            }
            for bug in bugs
        ]
        records = self._measured({"files": [], "variants": variants})
        for bug in bugs:
            own = [one for one in records if one.get("variant") == bug.id]
            write_json(self._place(bug), singles.of_records(own).to_json())

    def _measured(self, plan: Mapping[str, object]) -> list[dict[str, Any]]:
        seconds = VARIANT_S if plan["variants"] else SUITE_S
        with tempfile.TemporaryDirectory(prefix="measure-", ignore_cleanup_errors=True) as folder:
            limits = Limits(wall_s=1_200, cpu_s=1_200)
            full = {"tree": "/tree", "ignore": list(self.source.ignore), "seconds": seconds, **plan}
            compiled = (Mount(self._compiled, "/compiled"),) if self._compiled.is_dir() else ()
            mounts = (Mount(self.tree, "/tree"), Mount(PROGRAMS, INSIDE), *compiled)
            argv = ("python3", "-s", f"{INSIDE}/measure.py")
            given = json.dumps(full).encode()
            self.sandbox.run(Command(argv, Path(folder), mounts, EQUAL_RUNS, stdin=given, limits=limits))
            if not compiled:
                keep_folder(Path(folder, "cache"), self._compiled)
            return list(read_report(Path(folder, "report.jsonl")))

    @contextmanager
    def _changed(self, bugs: Sequence[Bug]) -> Iterator[Path]:
        with tempfile.TemporaryDirectory(prefix="bugs-", ignore_cleanup_errors=True) as folder:
            tree = Path(folder) / "tree"
            setup = WorkspaceSetup(tree=dict(self.source.tree), files=changed_files(self.texts, bugs))
            materialise(setup, self.sources_path, tree)
            yield tree

    def _files(self) -> Iterator[tuple[str, str]]:
        for path in sorted(self.tree.rglob("*")):
            if (
                self.language.is_source(PurePosixPath(path))
                and path.is_file()
                and not path.is_symlink()
                and path.stat().st_size <= MAX_TEXT
            ):
                try:
                    yield path.relative_to(self.tree).as_posix(), path.read_bytes().decode("utf-8")
                except UnicodeDecodeError:
                    continue

    @cached_property
    def _folder(self) -> Path:
        source = json.dumps(
            [self.source.tree, self.source.tests, self.source.ignore, self.sandbox.image.digest, VERSION]
        )
        folder = self.sources_path / "measured" / f"{self.source.name}-{sha256_text(source)[:16]}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def _compiled(self) -> Path:
        """Compiled files of the tree and of its tests, which save half of the time of a measurement."""
        return self._folder / "compiled"

    def _place(self, bug: Bug) -> Path:
        return self._folder / "bugs" / bug.id[:2] / f"{bug.id}.json"


def write_json(path: Path, value: object) -> None:
    """Write a file that appears whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(value, file)
    Path(name).replace(path)


def keep_folder(source: Path, target: Path) -> None:
    """Copy the regular files of a folder, which appears whole; nothing if it is there already."""
    folder = Path(tempfile.mkdtemp(dir=target.parent, prefix=".new-"))
    for path in source.rglob("*.pyc"):
        if path.is_file() and not path.is_symlink():
            place = folder / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    _make_readable(folder)
    try:
        folder.rename(target)
    except OSError:
        shutil.rmtree(folder)


def _make_readable(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
