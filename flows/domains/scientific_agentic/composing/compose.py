"""The composer of projects in a laboratory: studies of different families, drawn by seed.

The seeds of the fresh data are another hash of the candidate's seed than that of the agent's data, so that neither the
setup nor the workspace gives a planted value of the examination.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from flows.domains.contract import Composer, Corpus, Draft, Overlap, Writer
from flows.domains.scientific_agentic.composing.instruction import write_instruction
from flows.domains.scientific_agentic.composing.solution import solution_of
from flows.domains.scientific_agentic.families import FAMILIES
from flows.domains.scientific_agentic.families.instrument import stream
from flows.domains.scientific_agentic.families.project import Project, digest_of
from flows.domains.scientific_agentic.world.tools import FILE_TOOLS
from flows.domains.seeds import Seed, seeded

if TYPE_CHECKING:
    from flows.settings.tasks import Target

NAME, VERSION = "laboratory_project", "3"
IMAGE = "science"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Time from which every project could be made: it needs no source."""
STUDIES = 17
"""Studies of the longest projects: one of each family, then second ones with values of their own."""
FEWEST = 2
LEVELS, WEIGHTS = (0.7, 0.85, 1.0), (1, 1, 2)
"""Shares of those studies, the levels of difficulty, and how often each is drawn."""
CALLS, CALLS_PER_STUDY = 36, 4
"""Calls of a careful attempt: its calibration and hand-in, and for each study."""
TOKENS, TOKENS_PER_STUDY = 5_000, 2_200
"""Tokens of such an attempt, likewise."""
BUDGET = 800
FRESH = 3
"""Sets of fresh data."""
MAX_TURNS = 160
LIMITS = {"wall_s": 600, "cpu_s": 240}
LETTERS = "BCDFGHKLMNPRSTVW"


@dataclass(frozen=True)
class Order(Seed):
    """A seed with the number of studies that its project has."""

    studies: int


def orders(corpus: Corpus) -> Iterator[Order]:
    """The seeds of a night, each with a level of the length that the settings aim at."""
    most = studies_of(corpus.settings.target.get("scientific_agentic"))
    for one in seeded(NAME)(corpus):
        yield order(one, most)


def order(seed: Seed, most: int) -> Order:
    """The seed at one of the levels of projects of at most so many studies."""
    share = float(stream(seed.seed, "level").choice(np.repeat(LEVELS, WEIGHTS)))
    return Order(seed.number, seed.seed, max(FEWEST, round(share * most)))


def studies_of(target: "Target | None") -> int:
    """The studies of the longest projects for a target."""
    given = [STUDIES]
    if target and target.calls:
        given.append((target.calls - CALLS) // CALLS_PER_STUDY)
    if target and target.tokens:
        given.append((target.tokens - TOKENS) // TOKENS_PER_STUDY)
    return max(FEWEST, min(given))


def knob(order: Order) -> str:
    """The level of a candidate."""
    return f"{order.studies} studies"


def compose(order: Order, writer: Writer) -> Draft:
    """The project of a seed."""
    rng, names = stream(order.seed, "families"), list[str]()
    while len(names) < order.studies:
        names += rng.permutation(sorted(FAMILIES)).tolist()
    return compose_project(order, names[: order.studies])


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


LABORATORY_PROJECT = Composer(NAME, VERSION, orders, compose, knob=knob, overlap=Overlap.THREADS, takes_target=True)
