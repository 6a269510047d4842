"""The composer of studies in a generated library: everything is drawn from a seed, and needs no page of a night."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any

from flows.domains.contract import Composer, Corpus, Draft, Refused, Writer
from flows.domains.science.composing.instruction import write_instruction
from flows.domains.science.composing.proof import prove, require_packages
from flows.domains.science.composing.route import route_of
from flows.domains.science.study.draw import TOLERANCE, Undecided, draw_study
from flows.domains.science.study.pages import pages_of
from flows.domains.science.study.parts import Study
from flows.domains.science.topics.topic import EXPRESSION
from flows.domains.science.world.environment import digest_of
from flows.domains.seeds import Seed, seeded

NAME, VERSION = "library_study", "1"
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""Time from which every study could be made: it needs no source."""
LONG_TOKENS = 60_000
"""Tokens of the oracle's attempts at the longest studies, in Qwen3's vocabulary."""
VERIFIERS = ("steps_shown", "numeric_close")


def candidates(corpus: Corpus) -> Iterator[Seed]:
    """The seeds of a night. Raises MissingPackages if a package of the extra `science` is missing."""
    require_packages()
    return seeded(NAME)(corpus)


def compose(seed: Seed, writer: Writer) -> Draft:
    """The study of a seed. Raises Refused."""
    try:
        study = draw_study(seed.seed)
    except Undecided as undecided:
        raise Refused(f"undecided_{undecided}") from undecided
    steps = prove(study)
    index = study.index([found[part.topic.result.name] for part, found in zip(study.parts, steps, strict=True)])
    n_steps = sum(len(one) for one in steps)
    return Draft(
        write_instruction(study, Random(f"instruction {seed.seed}")),  # noqa: S311 (draws of a study)
        f"{index:.10g}",
        EPOCH,
        difficulty={
            "number": seed.number,
            "n_parts": len(study.parts),
            "n_steps": n_steps,
            "topics": [part.topic.name for part in study.parts],
            "precedence": [part.precedence for part in study.parts],
        },
        setup=json.dumps({"seed": seed.seed, "sha256": digest_of(pages_of(study, seed.seed))}),
        goal=_goal(study, steps, index),
        oracle=json.dumps(route_of(study)),
        answer_form="number",
        verifiers=VERIFIERS,
        max_turns=3 * n_steps + 12 * len(study.parts) + 20,
    )


def _goal(study: Study, steps: list[dict[str, Any]], index: float) -> str:
    answer = {
        "form": "number", "value": index, "unit": None, "relative_tolerance": TOLERANCE, "absolute_tolerance": 0,
    }  # fmt: skip
    values = dict[str, dict[str, Any]]()
    for part, found in zip(study.parts, steps, strict=True):
        for step in part.topic.steps:
            form = (
                "expression" if step.unit == EXPRESSION else "text" if isinstance(found[step.name], str) else "number"
            )
            values[f"{part.number}.{step.name}"] = {"form": form, "value": found[step.name]}
    return json.dumps({"answer": answer, "steps": values})


LIBRARY_STUDY = Composer(NAME, VERSION, candidates, compose, tokens=LONG_TOKENS)
