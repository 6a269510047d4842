"""The composer of generated problems: each seed draws one of the families, whose law has to be found.

The world's seed and the seed of the private labels are different hashes of the candidate's seed, so that neither the
setup nor anything computed from it gives a private label.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from flows.domains.contract import Composer, Corpus, Draft, Overlap, Refused, Writer
from flows.domains.ml_engineering.composing.draft import IMAGE, draft, facts_of
from flows.domains.ml_engineering.composing.trial import Private, bounds
from flows.domains.ml_engineering.families import FAMILIES, Drawn
from flows.domains.ml_engineering.families.draws import stream
from flows.domains.ml_engineering.world.files import digest_of
from flows.domains.ml_engineering.world.problem import OpenProblem, drawn_problem, public_rows
from flows.domains.seeds import seeded
from flows.environments.resources import Resources

NAME, VERSION = "generated_data", "1"


@dataclass(frozen=True)
class Drawing:
    """One seed of a night, with the sandbox's resources."""

    number: int
    seed: int
    resources: Resources


def drawings(corpus: Corpus) -> Iterator[Drawing]:
    """The seeds of a night."""
    for one in seeded(NAME)(corpus):
        yield Drawing(one.number, one.seed, corpus.resources)


def compose(drawing: Drawing, writer: Writer) -> Draft:
    """The task of a seed; families take turns. Raises Refused if there is no room, or another draw differs."""
    names = list(FAMILIES)
    family = names[(drawing.number - 1) % len(names)]
    seed = apart("open", drawing.seed)
    drawn = FAMILIES[family](seed)
    metric = drawn.metrics[int(stream(family, seed, "metric").integers(len(drawn.metrics)))]
    problem = drawn_problem(drawn, family, seed, metric)
    private = private_rows(drawn, problem, apart("private", drawing.seed))
    sha256 = digest_of(problem.files)
    if digest_of(drawn_problem(FAMILIES[family](seed), family, seed, metric).files) != sha256:
        raise Refused("not_drawn_again")
    facts = facts_of(problem.wanted, drawn.split)
    train = list(drawn.train[problem.wanted.target])
    sandbox = drawing.resources.sandbox(IMAGE)
    found = bounds(sandbox, problem.files, problem.wanted, private, train, facts, drawn.scripts.solution)
    return draft(
        problem.wanted,
        {"family": family, "seed": seed, "metric": metric, "sha256": sha256},
        facts,
        {name: str(drawn.theme[name]) for name in ("story", "split")},
        private,
        found,
        drawn.scripts._asdict(),
        {"number": drawing.number, "family": family, "n_train": len(train)},
    )


def apart(purpose: str, seed: int) -> int:
    """A seed of 63 bits for one purpose, from which that of another purpose cannot be computed."""
    return int.from_bytes(hashlib.sha256(f"ml {purpose} {seed}".encode()).digest()[:8]) >> 1


def private_rows(drawn: Drawn, problem: OpenProblem, seed: int) -> Private:
    """The private rows with labels drawn from the law by a seed of their own."""
    chosen = ~public_rows(drawn.order)
    labels = drawn.law.rows(chosen).sample(stream("private labels", seed))
    ids = [one for one, here in zip(problem.wanted.ids, chosen, strict=True) if here]
    queries = problem.queries_of(ids)
    return Private(ids, labels, None if queries is None else np.asarray(queries))


GENERATED_DATA = Composer(NAME, VERSION, drawings, compose, overlap=Overlap.THREADS)
