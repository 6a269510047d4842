"""Puts the script that solves a project together, with blanks for the constants of its instrument."""

from collections.abc import Mapping
from importlib.resources import files

PACKAGE = "flows.domains.scientific_agentic.families"


def solution_of(studies: Mapping[str, str]) -> str:
    """The script of a project, with `$offset`, `$gain` and `$saturation` in place of the constants."""
    parts = [part_of(family) for family in sorted(set(studies.values()))]
    calls = ", ".join(f'"{folder}": solve_{family}(data / "{folder}")' for folder, family in studies.items())
    return "\n\n".join([_text("head").rstrip() + "\n", *parts, _text("tail").strip().replace("STUDIES", calls) + "\n"])


def part_of(family: str) -> str:
    """The functions that solve one family."""
    return _text(family).replace("def solve(", f"def solve_{family}(").strip() + "\n"


def _text(name: str) -> str:
    return files(PACKAGE).joinpath("solutions", f"{name}.txt").read_text("utf-8")
