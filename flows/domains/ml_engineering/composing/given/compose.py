"""The composer of given tables: each seed splits one of the user's tables, and keeps it if a strong model gains enough.

Nobody knows the law of such a table. The solution is a strong generic model, so a task passes at half of the way to it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

import pyarrow as pa

from flows.domains.contract import Composer, Corpus, Draft, Overlap, Refused, Writer
from flows.domains.ml_engineering.composing.draft import IMAGE, draft, facts_of
from flows.domains.ml_engineering.composing.generated import apart
from flows.domains.ml_engineering.composing.given.parts import Parts, split_table
from flows.domains.ml_engineering.composing.given.table import read_table, tables_of
from flows.domains.ml_engineering.composing.trial import Private, bounds
from flows.domains.ml_engineering.families.draws import stream
from flows.domains.ml_engineering.scoring.metrics import METRICS
from flows.domains.ml_engineering.scoring.submission import Wanted
from flows.domains.ml_engineering.world.files import csv_file, digest_of
from flows.domains.ml_engineering.world.given import Bundle, write_bundle
from flows.domains.ml_engineering.world.problem import PACKAGE, dictionary, example_file, public_rows
from flows.domains.seeds import seeded
from flows.environments.resources import Resources
from schemas.prompt import prompt

if TYPE_CHECKING:
    from flows.settings.tasks import GivenTable

NAME, VERSION = "given_table", "1"


@dataclass(frozen=True)
class Offer:
    """A table of the settings with a seed for its split."""

    number: int
    seed: int
    path: Path
    given: "GivenTable"
    resources: Resources


def offers(corpus: Corpus) -> Iterator[Offer]:
    """The tables of the settings in turn; none without any."""
    known = [(path, one) for one in corpus.settings.tables for path in tables_of(one)]
    for seed in seeded(NAME)(corpus) if known else ():
        path, one = known[seed.number % len(known)]
        yield Offer(seed.number, seed.seed, path, one, corpus.resources)


def compose(offer: Offer, writer: Writer) -> Draft:
    """The task of a table and a seed. Raises Refused."""
    given, seed = offer.given, apart("given", offer.seed)
    parts = split_table(read_table(offer.path, given), given.split, seed)
    wanted = _wanted(parts, given, seed)
    labels = parts.test[given.target].to_pylist()
    if wanted.classes and not set(labels) <= set(wanted.classes):
        raise Refused("class_unseen_in_training")
    public = public_rows(parts.order).tolist()
    bundle = _bundle(parts, given, wanted, public)
    rows = [(one, label) for one, label, open_ in zip(wanted.ids, labels, public, strict=True) if not open_]
    private = Private([one for one, _ in rows], [label for _, label in rows], None)
    facts = facts_of(wanted, given.split)
    solution = Template(_solution()).substitute(facts)
    train = parts.train[given.target].to_pylist()
    found = bounds(offer.resources.sandbox(IMAGE), bundle.files, wanted, private, train, facts, solution)
    problem = {
        "bundle": write_bundle(offer.resources.sources_folder, bundle),
        "target": given.target,
        "metric": given.metric,
        "classes": wanted.classes,
        "sha256": digest_of(bundle.files),
    }
    words = {"story": _story(given), "split": _split(given, parts)}
    oracle = {"solution": solution, "study": ""}
    return draft(wanted, problem, facts, words, private, found, oracle, {"number": offer.number, "n_train": len(train)})


def _wanted(parts: Parts, given: "GivenTable", seed: int) -> Wanted:
    """The test rows; their ids come after those of the training rows in a drawn order."""
    ids = stream("given ids", seed).permutation(parts.train.num_rows + parts.test.num_rows) + 10_000
    classes = METRICS[given.metric].form == "class"
    known = tuple(sorted(parts.train[given.target].unique().to_pylist())) if classes else ()
    return Wanted(ids.tolist()[parts.train.num_rows :], given.target, given.metric, known)


def _bundle(parts: Parts, given: "GivenTable", wanted: Wanted, public: Sequence[bool]) -> Bundle:
    used, n_train = set(wanted.ids), parts.train.num_rows
    ids = [one for one in range(10_000, 10_000 + n_train + len(used)) if one not in used]
    labels = parts.test[given.target].to_pylist()
    return Bundle(
        {
            "DATA.md": dictionary(
                _story(given), _split(given, parts), given.target, dict.fromkeys(parts.train.column_names, "as given")
            ),
            "train.csv": csv_file(_columns(parts.train), ids),
            "test.csv": csv_file(_columns(parts.test.drop_columns(given.target)), wanted.ids),
            "sample_submission.csv": example_file(wanted),
        },
        {one: label for one, label, open_ in zip(wanted.ids, labels, public, strict=True) if open_},
    )


def _columns(table: pa.Table) -> dict[str, list[object]]:
    return {name: table[name].to_pylist() for name in table.column_names}


def _story(given: "GivenTable") -> str:
    return prompt("given", PACKAGE).text.format(about=given.about).strip()


def _split(given: "GivenTable", parts: Parts) -> str:
    if parts.in_time:
        return f"All test rows come after the training rows by `{given.split}`."
    return f"No value of `{given.split}` is in both training and test rows."


@cache
def _solution() -> str:
    return files(__package__).joinpath("solution.txt").read_text("utf-8")


GIVEN_TABLE = Composer(NAME, VERSION, offers, compose, overlap=Overlap.THREADS)
