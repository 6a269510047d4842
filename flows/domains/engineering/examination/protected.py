"""Rules of which files of an agent count in the examination: files of the solution do, files of the examination do not.

Tests, configuration of test runners, files that a language runs by itself and compiled files are taken from the
pristine tree. New modules at the top of the tree are left out, since they could stand in for any other module.
"""

from collections.abc import Collection
from fnmatch import fnmatch
from pathlib import PurePosixPath

from flows.domains.engineering.suite.languages import Language

RUN_BY_THEMSELVES = (
    "conftest.py", "sitecustomize.py", "usercustomize.py", "*.pth", "*.egg-link", "pytest.py", "_pytest*", "unittest*",
    ".pyrc", ".npmrc", ".node*",
)  # fmt: skip
CONFIGURATION = (
    "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg", "pyproject.toml", ".coveragerc",
    "package.json", "package-lock.json", "*.config.js", "*.config.mjs", "*.config.cjs", "*.config.ts", "makefile",
    "gnumakefile", "*.mk", "cmakelists.txt", "configure",
)  # fmt: skip
COMPILED = ("*.pyc", "*.pyo", "*.so", "*.so.*", "*.pyd", "*.dll", "*.dylib", "*.node", "*.o", "*.a", "*.egg", "*.whl",
            "*.zip", "*.wasm")  # fmt: skip
FOLDERS = ("__pycache__", "node_modules", "*.egg-info", "*.dist-info", ".*")
CACHES = ("__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache", "*.egg-info", "node_modules", ".git")
ROOTS = ("src", "lib")


def _matches(name: str, patterns: Collection[str]) -> bool:
    return any(fnmatch(name.lower(), one) for one in patterns)


def is_cache(path: str) -> bool:
    """True for files that tools leave behind, which show nothing about the agent."""
    return any(_matches(part, CACHES) for part in PurePosixPath(path).parts) or _matches(path, COMPILED)


def is_protected(path: str, language: Language) -> bool:
    """True if the pristine file counts, whatever the agent wrote there; composers put no bug into such a file."""
    place = PurePosixPath(path)
    if any(_matches(part, FOLDERS) for part in place.parts[:-1]) or any(part != part.strip() for part in place.parts):
        return True
    own = _matches(place.name, (*RUN_BY_THEMSELVES, *CONFIGURATION, *COMPILED))
    return own or place.name.startswith(".") or language.is_test(place)


def is_new_module(path: str, before: Collection[str]) -> bool:
    """True for a file of a module or package at the top of the tree that the pristine tree does not have."""
    parts = PurePosixPath(path).parts
    root = f"{parts[0]}/" if parts[0] in ROOTS and len(parts) > 1 else ""
    top = path[len(root) :].partition("/")[0]
    return not any(one == f"{root}{top}" or one.startswith(f"{root}{top}/") for one in before)
