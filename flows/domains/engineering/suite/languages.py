"""Languages whose tests can be run: the program that runs them inside a sandbox, and how a tree is laid out.

To add a language, write its runner in `inside/`, which takes the same plan and writes the same report as the others,
and what rewrites its tests for the examination. JavaScript needs Debian's `nodejs` on the machine or in the image.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

INSIDE = "/harness"
GLOBALS = (
    'data:text/javascript,import * as one from "node:test"; '
    'for (const name of ["describe","it","before","after","beforeEach","afterEach"]) globalThis[name] ??= one[name]'
)
"""A module that offers the functions of node:test as globals, for suites written for mocha."""


@dataclass(frozen=True)
class Language:
    """One language, by its runner."""

    name: str
    argv: tuple[str, ...]
    """Command inside the sandbox; the plan comes by standard input."""
    command: tuple[str, ...]
    """Command of the agent's tool that runs tests, without the configuration of the tree, which may need plugins that
    the image lacks; files or ids of tests may follow."""
    is_test: Callable[[PurePosixPath], bool]
    """True for files of tests and their data, which no solution may change."""
    is_source: Callable[[PurePosixPath], bool]
    """True for files of source text in this language."""
    has_top_modules: bool = True
    """True if a new file at the top of a tree could stand in for a module that tests import by its name."""


def _in(path: PurePosixPath, *folders: str) -> bool:
    return any(part in folders for part in path.parts[:-1])


def _named(path: PurePosixPath, *patterns: str) -> bool:
    return any(fnmatch(path.name, one) for one in patterns)


def _python_test(path: PurePosixPath) -> bool:
    return _in(path, "test", "tests") or _named(path, "test_*.py", "*_test.py", "conftest.py", "tests.py")


def _javascript_test(path: PurePosixPath) -> bool:
    return _in(path, "test", "tests", "__tests__") or _named(
        path, "test.*js", "test-*.*js", "*.test.*js", "*-test.*js", "*_test.*js", "*.spec.*js"
    )


PYTHON = Language(
    "python",
    ("python3", "-P", "-s", "-B", f"{INSIDE}/pytest_run.py"),
    (
        *("python3", "-m", "pytest", "-c", "/dev/null", "--rootdir=/workspace"),
        *("-q", "--tb=short", "-p", "no:cacheprovider"),
    ),
    _python_test,
    lambda path: path.suffix == ".py",
)
JAVASCRIPT = Language(
    "javascript",
    ("node", "--import", f"{INSIDE}/globals.mjs", f"{INSIDE}/node_run.mjs"),
    ("bash", "-c", f"exec node --import '{GLOBALS}' --test --test-reporter=spec \"${{@%%::*}}\"", "run_tests"),
    _javascript_test,
    lambda path: path.suffix in {".js", ".mjs", ".cjs"},
    has_top_modules=False,
)
LANGUAGES = {one.name: one for one in (PYTHON, JAVASCRIPT)}


def language_of(tests: Iterable[str]) -> Language | None:
    """The language in which all these tests, given by their ids, are written; None if there is no such language."""
    paths = [PurePosixPath(one.partition("::")[0]) for one in tests]
    return next((one for one in LANGUAGES.values() if paths and all(map(one.is_source, paths))), None)


def language(name: str) -> Language:
    """The language of that name. Raises LookupError, which lists those there are."""
    if name not in LANGUAGES:
        raise LookupError(f"no tests of the language {name!r} can be run; there are: {', '.join(sorted(LANGUAGES))}")
    return LANGUAGES[name]
