"""Families: drawn alike each time, varied by seed, with parts that are apart and private labels that are secret."""

import ast

import numpy as np
import pytest

from flows.domains.ml_engineering.composing.generated import apart, private_rows
from flows.domains.ml_engineering.composing.trial import MIN_GAP, gap
from flows.domains.ml_engineering.families import FAMILIES, Drawn
from flows.domains.ml_engineering.scoring.metrics import METRICS
from flows.domains.ml_engineering.world.files import digest_of
from flows.domains.ml_engineering.world.problem import drawn_problem, public_rows
from tests.flows.domains.ml_engineering.worlds import problem_of

NAMES = sorted(FAMILIES)


@pytest.fixture(scope="module")
def drawn() -> dict[str, Drawn]:
    return {name: FAMILIES[name](11) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_problem_is_drawn_alike_and_has_the_columns_it_describes(name: str, drawn: dict[str, Drawn]) -> None:
    """A world whose files differ from the composed ones is judged by labels of another problem."""
    one, problem = drawn[name], problem_of(name, 11)
    assert digest_of(problem.files) == digest_of(problem_of(name, 11).files)
    assert digest_of(problem.files) != digest_of(problem_of(name, 12).files)
    assert set(one.train) - set(one.test) == {problem.wanted.target}
    assert 50_000 < sum(map(len, problem.files.values())) < 20_000_000
    described = problem.files["DATA.md"].decode()
    assert all(f"`{column}`" in described for column in one.test if column != one.theme.get("noise"))
    assert set(one.metrics) <= set(METRICS)


@pytest.mark.parametrize("name", NAMES)
def test_public_private_and_training_rows_are_apart(name: str, drawn: dict[str, Drawn]) -> None:
    """A group in two parts would let its rows in one part give away those in the other."""
    one = drawn[name]
    public, order = public_rows(one.order), np.asarray(one.order)
    assert not set(order[public].tolist()) & set(order[~public].tolist())
    assert 0.1 < public.mean() < 0.45
    assert not set(np.asarray(one.train[one.split]).tolist()) & set(np.asarray(one.test[one.split]).tolist())


@pytest.mark.parametrize("name", NAMES)
def test_private_labels_depend_on_a_seed_that_the_setup_lacks(name: str, drawn: dict[str, Drawn]) -> None:
    """With labels that follow from the setup, a tool that shows the setup shows the answer."""
    problem = drawn_problem(drawn[name], name, 11, drawn[name].metrics[0])
    first, second = (private_rows(drawn[name], problem, apart("private", seed)) for seed in (1, 2))
    assert first.labels == private_rows(drawn[name], problem, apart("private", 1)).labels != second.labels
    assert not set(first.ids) & set(problem.public)
    assert set(first.ids) | set(problem.public) == set(problem.wanted.ids)


@pytest.mark.parametrize("name", NAMES)
def test_scripts_are_whole_programs(name: str, drawn: dict[str, Drawn]) -> None:
    """A name that is not filled in shows only when the oracle's script fails in a night."""
    solution, study = (ast.parse(one) for one in drawn[name].scripts)
    assert "fit_predict" in {one.name for one in solution.body if isinstance(one, ast.FunctionDef)}
    assert study.body


def test_there_are_problems_of_every_kind(drawn: dict[str, Drawn]) -> None:
    """A domain of regression alone teaches one metric, and one template makes a thousand twins."""
    metrics = {metric for one in drawn.values() for metric in one.metrics}
    assert len(FAMILIES) >= 12
    assert metrics == {"rmse", "mae", "log_loss", "auc", "f1_macro", "ndcg"}
    assert len({FAMILIES["codes"](seed).theme["story"] for seed in range(8)}) > 1


def test_the_gap_is_a_share_of_the_constants_error_or_of_one() -> None:
    assert gap("rmse", constant=200.0, default=100.0, oracle=91.0) < MIN_GAP
    assert gap("auc", constant=0.5, default=0.7, oracle=0.76) == pytest.approx(0.06)
