"""Languages whose tests can be run: the program that runs them inside a sandbox, and how a tree is laid out.

To add a language, write its runner in `inside/`; it takes the same plan and writes the same report as the others.
JavaScript needs Debian's `nodejs` on the machine or in the image.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import PurePosixPath

INSIDE = "/harness"


@dataclass(frozen=True)
class Language:
    """One language, by its runner."""

    name: str
    argv: tuple[str, ...]
    """Command inside the sandbox; the plan comes by standard input."""
    is_test: Callable[[PurePosixPath], bool]
    """True for files of tests and their data, which no solution may change."""
    is_source: Callable[[PurePosixPath], bool]
    """True for files of source text in this language."""


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
    _python_test,
    lambda path: path.suffix == ".py",
)
JAVASCRIPT = Language(
    "javascript",
    ("node", "--import", f"{INSIDE}/globals.mjs", f"{INSIDE}/node_run.mjs"),
    _javascript_test,
    lambda path: path.suffix in {".js", ".mjs", ".cjs"},
)
LANGUAGES = {one.name: one for one in (PYTHON, JAVASCRIPT)}


def language(name: str) -> Language:
    """The language of that name. Raises LookupError, which lists those there are."""
    if name not in LANGUAGES:
        raise LookupError(f"no tests of the language {name!r} can be run; there are: {', '.join(sorted(LANGUAGES))}")
    return LANGUAGES[name]
