"""Metrics of predictions against labels, with numpy only: they run on the machine of the factory, not in a sandbox.

Each has its usual definition; `tests/flows/domains/ml_engineering/test_metrics.py` compares them with worked examples.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Form = Literal["number", "probability", "class"]
Values = npt.NDArray[Any]
TOP = 10
"""Places of a ranking that count."""


@dataclass(frozen=True)
class Metric:
    """A metric: the form of its predictions, the direction in which it is better, and its function."""

    title: str
    form: Form
    greater_is_better: bool
    score: Callable[[Values, Values, Values | None], float]
    """(labels, predictions, query of each row or None) -> the score."""


def rmse(labels: Values, found: Values, queries: Values | None) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.mean((labels - found) ** 2)))


def mae(labels: Values, found: Values, queries: Values | None) -> float:
    """Mean absolute error."""
    return float(np.mean(np.abs(labels - found)))


def log_loss(labels: Values, found: Values, queries: Values | None) -> float:
    """Mean negative log-likelihood of labels 0 and 1; chances are kept 1e-6 away from 0 and 1."""
    chance = found.clip(1e-6, 1 - 1e-6)
    return float(-np.mean(np.where(labels == 1, np.log(chance), np.log(1 - chance))))


def auc(labels: Values, found: Values, queries: Values | None) -> float:
    """Area under the ROC curve by the rank sum of Mann and Whitney, ties by half; 0.5 if a class is missing."""
    positive = labels == 1
    n_positive, n_negative = int(positive.sum()), int((~positive).sum())
    if not n_positive or not n_negative:
        return 0.5
    _, places, counts = np.unique(found, return_inverse=True, return_counts=True)
    ranks = (counts.cumsum() - (counts - 1) / 2)[places]
    return float((ranks[positive].sum() - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative))


def f1_macro(labels: Values, found: Values, queries: Values | None) -> float:
    """Mean over the classes of the labels of the harmonic mean of precision and recall."""
    return float(np.mean([_f1(labels == one, found == one) for one in np.unique(labels)]))


def _f1(wanted: Values, found: Values) -> float:
    total = int(wanted.sum() + found.sum())
    return 2 * int((wanted & found).sum()) / total if total else 0.0


def ndcg(labels: Values, found: Values, queries: Values | None) -> float:
    """Mean NDCG@10 over queries, gains 2^grade - 1; tied rows share the mean gain of their places.

    A query without any gain is left out.
    """
    of_query = queries if queries is not None else np.zeros(len(labels))
    shares = [_ndcg(labels[of_query == one], found[of_query == one]) for one in np.unique(of_query)]
    known = [one for one in shares if one is not None]
    return float(np.mean(known)) if known else 0.0


def _ndcg(grades: Values, found: Values) -> float | None:
    gains = 2.0**grades - 1
    weights = 1 / np.log2(np.arange(2, len(gains) + 2))
    weights[TOP:] = 0
    best = float(np.sort(gains)[::-1] @ weights)
    _, tie = np.unique(-found, return_inverse=True)
    shared = np.bincount(tie, gains) / np.bincount(tie)
    return float(shared[np.sort(tie)] @ weights) / best if best else None


METRICS = {
    "rmse": Metric("RMSE", "number", greater_is_better=False, score=rmse),
    "mae": Metric("mean absolute error", "number", greater_is_better=False, score=mae),
    "log_loss": Metric("log loss", "probability", greater_is_better=False, score=log_loss),
    "auc": Metric("area under the ROC curve", "number", greater_is_better=True, score=auc),
    "f1_macro": Metric("macro-averaged F1", "class", greater_is_better=True, score=f1_macro),
    "ndcg": Metric("NDCG@10", "number", greater_is_better=True, score=ndcg),
}
"""By name."""


def share_of_the_way(score: float, default: float, oracle: float) -> float:
    """The share of the way from the default's score to the oracle's, 0 at or below the default; may exceed 1."""
    return max(0.0, (score - default) / (oracle - default))


def predictions(values: Sequence[float] | Sequence[str]) -> Values:
    """Predictions or labels as an array."""
    return np.array(values)
