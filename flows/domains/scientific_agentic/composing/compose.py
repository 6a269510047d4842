"""The composer of projects in a laboratory: studies of different families, drawn by seed.

The seeds of the fresh data are another hash of the candidate's seed than that of the agent's data, so that neither the
setup nor the workspace gives a planted value of the examination.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime

from flows.domains.contract import Composer, Draft, Writer
from flows.domains.scientific_agentic.composing.instruction import write_instruction
from flows.domains.scientific_agentic.composing.solution import solution_of
from flows.domains.scientific_agentic.families import FAMILIES
from flows.domains.scientific_agentic.families.instrument import stream
from flows.domains.scientific_agentic.families.project import Project, digest_of
from flows.domains.scientific_agentic.world.tools import FILE_TOOLS
from flows.domains.seeds import Seed, seeded

NAME, VERSION = "laboratory_project", "1"
IMAGE = "science"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Time from which every project could be made: it needs no source."""
STUDIES = (4, 8)
"""Fewest and most studies of a project."""
BUDGET = 800
FRESH = 3
"""Sets of fresh data."""
MAX_TURNS = 160
LIMITS = {"wall_s": 600, "cpu_s": 240}
LETTERS = "BCDFGHKLMNPRSTVW"


def compose(seed: Seed, writer: Writer) -> Draft:
    """The project of a seed."""
    rng = stream(seed.seed, "families")
    return compose_project(seed, rng.permutation(sorted(FAMILIES))[: rng.integers(STUDIES[0], STUDIES[1] + 1)].tolist())


def compose_project(seed: Seed, names: Sequence[str]) -> Draft:
    """The project of a seed with a study of each of these families."""
    rng = stream(seed.seed, "project")
    folders = [f"{''.join(rng.choice(list(LETTERS), 3))}{rng.integers(10, 99)}".lower() for _ in names]
    project = Project(apart("instrument", seed.seed), dict(zip(folders, names, strict=True)))
    data = apart("data", seed.seed)
    fresh = [apart(f"fresh {at}", seed.seed) for at in range(FRESH)]
    described = {"instrument": project.instrument, "studies": dict(project.studies)}
    setup = {
        **described, "image": IMAGE, "tools": FILE_TOOLS, "limits": LIMITS, "data": data, "budget": BUDGET,
        "sha256": digest_of(project.drawn(data)[0]),
    }  # fmt: skip
    return Draft(
        write_instruction(project, BUDGET, rng),
        None,
        EPOCH,
        difficulty={"number": seed.number, "families": list(names), "n_results": 3 * len(names)},
        setup=json.dumps(setup),
        goal=_goal(project, fresh, described),
        oracle=json.dumps({"solution": solution_of(project.studies)}),
        answer_form="files",
        max_turns=MAX_TURNS,
    )


def apart(purpose: str, seed: int) -> int:
    """A seed of 63 bits for one purpose, from which that of another purpose cannot be computed."""
    return int.from_bytes(hashlib.sha256(f"laboratory {purpose} {seed}".encode()).digest()[:8]) >> 1


def _goal(project: Project, fresh: list[int], described: dict[str, object]) -> str:
    tolerance = {
        folder: {one.key: [one.relative, one.absolute] for one in family.results}
        for folder, family in project.families().items()
    }
    truth = [project.drawn(seed)[1] for seed in fresh]
    return json.dumps({**described, "image": IMAGE, "seeds": fresh, "truth": truth, "tolerance": tolerance})


LABORATORY_PROJECT = Composer(NAME, VERSION, seeded(NAME), compose)
