"""The open side of a problem: its files and the labels of the public rows, rebuilt from the setup of a task.

The labels of the private rows are not here: they are drawn with a seed that only the composer has, and are stored in
the hidden record. So no tool of a world can compute or show them.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from flows.domains.ml_engineering.families import FAMILIES, Drawn
from flows.domains.ml_engineering.families.draws import stream
from flows.domains.ml_engineering.scoring.submission import ID, Wanted
from flows.domains.ml_engineering.world.files import Files, csv_file, digest_of
from flows.domains.ml_engineering.world.given import read_bundle
from schemas.prompt import prompt

PUBLIC_SHARE = 1 / 3
PACKAGE = "flows.domains.ml_engineering"


class ProblemError(Exception):
    """The files of a task cannot be made again, for the reason in the message."""


@dataclass(frozen=True)
class OpenProblem:
    """Everything of a problem that a world may hold."""

    files: Files
    wanted: Wanted
    public: Mapping[int, float | str]
    """Id of each public row -> its label."""
    queries: Mapping[int, object] | None
    """Id of each test row -> its query, of ranking problems."""

    def queries_of(self, ids: Sequence[int]) -> Any:
        """The queries of some rows as an array; None without queries."""
        return None if self.queries is None else np.array([self.queries[one] for one in ids])


def open_problem(problem: Mapping[str, Any], sources: Path) -> OpenProblem:
    """The problem that a setup names under `problem`. Raises ProblemError if its files differ from the task's."""
    if "bundle" in problem:
        found = _given(problem, sources)
    elif problem.get("family") in FAMILIES:
        drawn = FAMILIES[problem["family"]](int(problem["seed"]))
        found = drawn_problem(drawn, problem["family"], int(problem["seed"]), problem["metric"])
    else:
        raise ProblemError(f"there is no family of problems {problem.get('family')!r}: the task is of another version")
    if digest_of(found.files) != problem["sha256"]:
        raise ProblemError("the files drawn here differ from the task's: compose its night again with this version")
    return found


def _given(problem: Mapping[str, Any], sources: Path) -> OpenProblem:
    bundle = read_bundle(sources, str(problem["bundle"]))
    if bundle is None:
        raise ProblemError(f"the table {problem['bundle']} is not in {sources}: compose the task's night again here")
    rows = csv.DictReader(io.StringIO(bundle.files["test.csv"].decode(), newline=""))
    wanted = Wanted([int(row[ID]) for row in rows], problem["target"], problem["metric"], tuple(problem["classes"]))
    return OpenProblem(bundle.files, wanted, bundle.public, None)


def drawn_problem(drawn: Drawn, family: str, seed: int, metric: str) -> OpenProblem:
    """The open side of a drawn problem."""
    theme = drawn.theme
    rng, n_train, n_test = stream(family, seed, "ids"), len(next(iter(drawn.train.values()))), len(drawn.law.expected)
    ids = (rng.permutation(n_train + n_test) + 10_000).tolist()
    asked, target = ids[n_train:], str(theme["target"])
    columns = {str(theme.get(role, role)): meaning for role, meaning in theme["columns"].items()}
    files = {
        "DATA.md": dictionary(theme["story"], theme["split"], target, columns, sorted(drawn.files)),
        "train.csv": csv_file(drawn.train, ids[:n_train]),
        "test.csv": csv_file(drawn.test, asked),
        **drawn.files,
    }
    wanted = Wanted(asked, target, metric, drawn.law.classes)
    files["sample_submission.csv"] = example_file(wanted)
    public = public_rows(drawn.order)
    labels = drawn.law.rows(public).sample(stream(family, seed, "public labels"))
    chosen = [one for one, here in zip(asked, public, strict=True) if here]
    queries = drawn.law.queries
    return OpenProblem(
        files,
        wanted,
        dict(zip(chosen, labels, strict=True)),
        None if queries is None else dict(zip(asked, queries.tolist(), strict=True)),
    )


def public_rows(order: Any) -> Any:
    """True for the first third of the test rows by time or group; a time or group is in one part only."""
    values, places = np.unique(np.asarray(order), return_inverse=True)
    shares = np.bincount(places).cumsum() / len(places)
    n_public = max(1, int((shares <= PUBLIC_SHARE).sum()))
    return places < min(n_public, len(values) - 1)


def example_file(wanted: Wanted) -> bytes:
    """An example of a submission: the first class, or 0, for each row."""
    value = wanted.classes[0] if wanted.classes else 0
    return csv_file({wanted.target: [value] * len(wanted.ids)}, wanted.ids)


def dictionary(story: str, split: str, target: str, columns: Mapping[str, str], further: Sequence[str] = ()) -> bytes:
    """The data dictionary: story, split, a line for each column."""
    lines = "\n".join(f"- `{name}`: {meaning}" for name, meaning in columns.items())
    named = "".join(f", `{one}`" for one in further)
    text = prompt("data", PACKAGE).text
    return text.format(story=story, split=split, columns=lines, further=named, id=ID, target=target).encode()
