"""The oracle: knows the original text of each faulty file, and works towards it as an engineer does.

It looks around, runs the tests, and for each bug runs the tests that fail, reads them and the source, edits, and runs
them again. Nothing of it is repeated for length: a task with more bugs takes more calls.
"""

import ast
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from flows.domains.contract import Play
from flows.domains.engineering.bugs.javascript.functions import functions
from flows.domains.engineering.javascript.syntax import Source
from flows.domains.engineering.players.mending import Hunk, edits, hunks
from flows.domains.engineering.players.steps import Hand, Steps, functions_of
from schemas.task import Hidden, Task

DONE = "All reported problems are fixed, and the tests pass."
SHOWN_TESTS = 6
"""Failing tests of one bug that are run by name."""
READ_TESTS = 3
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
DEFINED = re.compile(r"\s*(?:async\s+)?(?:def|class|function\s*\*?)\s+(\w+)")


def solve(task: Task, hidden: Hidden | None) -> Play:
    """Mend one bug after another. Raises LookupError without the original files in the hidden record."""
    known = _known(task, hidden)
    engineer = Engineer(_faulty(task, known), known["files"])
    yield from engineer.look_around()
    for bug in known.get("bugs", []):
        yield from engineer.mend(bug)
    yield from engineer.edit(engineer.left())
    yield from engineer.rearrange(known.get("removed", []), known.get("executable", {}))
    yield from engineer.hand_in()
    return DONE


def prove(task: Task, hidden: Hidden | None) -> Play:
    """The edits alone. Raises LookupError without the original files in the hidden record."""
    known = _known(task, hidden)
    engineer = Engineer(_faulty(task, known), known["files"])
    yield from engineer.edit(engineer.left())
    yield from engineer.rearrange(known.get("removed", []), known.get("executable", {}))
    yield from engineer.hand.use("submit")
    return DONE


def _known(task: Task, hidden: Hidden | None) -> dict[str, Any]:
    known: dict[str, Any] = json.loads((hidden and hidden.oracle) or "{}")
    if "files" not in known:
        raise LookupError(f"the hidden record of task {task.task_id} has no original files, so no oracle can play it")
    return known


def _faulty(task: Task, known: Mapping[str, Any]) -> dict[str, str]:
    """The texts of the files to be mended, as the task gives them."""
    return {path: text for path, text in json.loads(task.setup)["files"].items() if path in known["files"]}


class Engineer:
    """The steps of the work; `texts` are the faulty files as they are now."""

    def __init__(self, texts: Mapping[str, str], originals: Mapping[str, str]) -> None:
        self.texts, self._originals = dict(texts), originals
        self.hand = Hand()
        self._read: set[str] = set()

    @property
    def _suffix(self) -> str:
        return PurePosixPath(min(self._originals, default="x.py")).suffix

    @property
    def _is_python(self) -> bool:
        return self._suffix == ".py"

    def _sought(self, name: str) -> tuple[str, ...]:
        """Arguments of grep that find a test by its name."""
        return (f"def {name}\\b",) if self._is_python else ("-F", name)

    def left(self) -> list[Hunk]:
        """The differences that are not mended yet."""
        return hunks(self.texts, self._originals)

    def look_around(self) -> Steps:
        """See the files of the package and the tests that fail."""
        yield from self.hand.bash("ls", "-la")
        yield from self.hand.use("bash", command=f"find . -name '*{self._suffix}' | sort | xargs wc -l")
        yield from self.hand.use("bash", command="head -n 80 README*")
        yield from self.hand.use("run_tests")
        for folder in sorted({str(PurePosixPath(path).parent) for path in self._originals}):
            first = "__init__.py" if self._is_python else f"index{self._suffix}"
            yield from self.hand.use("bash", command=f"head -n 60 {folder}/{first}; ls -la {folder}")

    def mend(self, bug: Mapping[str, Any]) -> Steps:
        """Reproduce a bug, read the tests and the source, edit, and run the tests again."""
        own = [one for one in self.left() if any(_holds(place, one, self._originals) for place in bug["functions"])]
        tests = bug["tests"][:SHOWN_TESTS]
        yield from self.hand.use("run_tests", select=tests)
        for path, name in functions_of(bug["tests"])[:READ_TESTS]:
            yield from self.hand.bash("grep", "-n", "-A", "30", *self._sought(name), path)
        for path, line in bug["functions"]:
            yield from self._read_source(path, line)
        yield from self.edit(own)
        for path in sorted({one.path for one in own}):
            yield from self.hand.bash(
                *(("python3", "-m", "py_compile") if self._is_python else ("node", "--check")), path
            )
        yield from self.hand.use("run_tests", select=tests)
        yield from self.hand.use("run_tests", select=sorted({one.partition("::")[0] for one in tests}))

    def edit(self, wanted: Sequence[Hunk]) -> Steps:
        """Make the edits of these differences, file by file."""
        for path in sorted({one.path for one in wanted}):
            if path not in self.texts:
                yield from self.hand.use("write", path=path, text=self._originals[path])
                self.texts[path] = self._originals[path]
                continue
            made, _ = edits(self.texts[path], [one for one in wanted if one.path == path])
            for old, new in made:
                yield from self.hand.use("edit", path=path, old=old, new=new)
                self.texts[path] = self.texts[path].replace(old, new)

    def rearrange(self, removed: Sequence[str], executable: Mapping[str, bool]) -> Steps:
        """Remove files, and set which may be run."""
        if removed:
            yield from self.hand.bash("rm", *removed)
        for path, may_run in executable.items():
            yield from self.hand.bash("chmod", "+x" if may_run else "-x", path)

    def hand_in(self) -> Steps:
        """Run everything once more, and submit."""
        yield from self.hand.use("run_tests")
        yield from self.hand.use("submit")

    def _read_source(self, path: str, line: int) -> Steps:
        """Find the callers of a function; read its file the first time, its lines the next time."""
        name = _function_at(self.texts.get(path, ""), line)
        if name:
            looked = f"grep -rn --include='*{self._suffix}' '\\b{name}\\b' . | head -n 40"
            yield from self.hand.use("bash", command=looked)
        if path in self._read:
            yield from self.hand.around(path, line)
            return
        self._read.add(path)
        yield from self.hand.pages(path, self.texts.get(path, "").count("\n") + 1)


def _holds(place: Sequence[Any], hunk: Hunk, originals: Mapping[str, str]) -> bool:
    """True if a difference is in the function at a place, [path, line] in the original text."""
    path, line = place
    if hunk.path != path:
        return False
    if not path.endswith(".py"):
        return _lines_of(path, line, originals[path]).__contains__(hunk.original_line)
    nodes = [one for one in ast.walk(ast.parse(originals[path])) if isinstance(one, FUNCTIONS)]
    own = [
        one for one in nodes if min([one.lineno, *(each.lineno for each in one.decorator_list)]) <= line <= one.lineno
    ]
    return any(line <= hunk.original_line <= (one.end_lineno or line) for one in own)


def _lines_of(path: str, line: int, text: str) -> range:
    """The lines of the function in JavaScript that begins at a line."""
    source = Source(text.encode())
    ends = [node.end_point[0] + 1 for node, place in functions(source, path) if place.line == line]
    return range(line, max(ends, default=line) + 1)


def _function_at(text: str, line: int) -> str:
    """Name of the function that begins at a line, or a few lines below it after its decorators."""
    for one in text.splitlines()[line - 1 : line + 8]:
        if found := DEFINED.match(one):
            return found.group(1)
    return ""
