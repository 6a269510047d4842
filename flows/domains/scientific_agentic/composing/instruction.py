"""Writes the instruction of a project: its studies, their files and results, the instrument and its budget."""

import tomllib
from importlib.resources import files

import numpy as np

from flows.domains.scientific_agentic.families import Family
from flows.domains.scientific_agentic.families.project import Project
from flows.domains.scientific_agentic.world.tools import PACKAGE
from schemas.prompt import prompt


def write_instruction(project: Project, budget: int, rng: np.random.Generator) -> str:
    """The instruction, in wordings of the draws."""
    words = tomllib.loads(files(__package__).joinpath("wording.toml").read_text("utf-8"))
    chosen = {name: str(rng.choice(options)) for name, options in words.items()}
    studies = "\n\n".join(_study(folder, family) for folder, family in project.families().items())
    text = prompt("instruction", PACKAGE).text
    filled = {name: one.format(budget=budget, n=len(project.studies)) for name, one in chosen.items()}
    return text.format(studies=studies, **filled).strip()


def _study(folder: str, family: Family) -> str:
    wanted = "\n".join(f"- `{one.key}`: {one.text}{_tolerance(one.relative, one.absolute)}" for one in family.results)
    return f"`{folder}` ({family.field}). {family.story} Files: {family.files}. Results:\n{wanted}"


def _tolerance(relative: float, absolute: float) -> str:
    parts = [f"{relative:.1%}"] if relative else []
    parts += [f"{absolute:g}"] if absolute else []
    return f" (within {' or '.join(parts)})"
