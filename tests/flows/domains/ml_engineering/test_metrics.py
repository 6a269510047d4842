"""Metrics: the scores of worked examples, and of random predictions counted a second time in plain Python."""

import math
import random

import numpy as np
import pytest

from flows.domains.ml_engineering.scoring.metrics import METRICS, share_of_the_way

LABELS, FOUND = [0.0, 1.0, 1.0, 0.0], [0.1, 0.4, 0.35, 0.8]


@pytest.mark.parametrize(
    ("metric", "labels", "found", "score"),
    [
        ("rmse", [1.0, 2.0, 4.0], [1.0, 4.0, 3.0], math.sqrt(5 / 3)),
        ("mae", [1.0, 2.0, 4.0], [1.0, 4.0, 3.0], 1.0),
        ("log_loss", [1.0, 0.0], [0.8, 0.4], -(math.log(0.8) + math.log(0.6)) / 2),
        ("log_loss", [1.0], [0.0], -math.log(1e-6)),
        ("auc", LABELS, FOUND, 0.5),
        ("auc", LABELS, [0.5] * 4, 0.5),
        ("auc", [1.0, 1.0], [0.1, 0.2], 0.5),
        ("f1_macro", ["a", "a", "b", "c"], ["a", "b", "b", "b"], (2 / 3 + 1 / 2 + 0) / 3),
    ],
)
def test_a_worked_example(metric: str, labels: list[float], found: list[float], score: float) -> None:
    """Scores decide whether an attempt passes; other tools must come to the same ones."""
    assert METRICS[metric].score(np.array(labels), np.array(found), None) == pytest.approx(score)


def test_auc_is_the_share_of_ordered_pairs() -> None:
    dice = random.Random(1)
    labels = [float(dice.random() < 0.4) for _ in range(200)]
    found = [round(dice.random(), 1) for _ in labels]
    pairs = [
        (one, other)
        for one, a in zip(found, labels, strict=True)
        if a
        for other, b in zip(found, labels, strict=True)
        if not b
    ]
    counted = sum(1.0 if one > other else 0.5 if one == other else 0.0 for one, other in pairs) / len(pairs)
    assert METRICS["auc"].score(np.array(labels), np.array(found), None) == pytest.approx(counted)


def test_ndcg_takes_each_query_alone_and_shares_ties() -> None:
    """With ties broken by the row's place, the order of the file would earn points."""
    grades, queries = np.array([3.0, 0.0, 1.0, 0.0, 2.0]), np.array([1, 1, 1, 2, 2])
    perfect = METRICS["ndcg"].score(grades, grades, queries)
    assert perfect == pytest.approx(1.0)
    constant = METRICS["ndcg"].score(grades, np.zeros(5), queries)
    discounts = [1 / math.log2(place) for place in (2, 3, 4)]
    first = (8 / 3) * sum(discounts) / (7 * discounts[0] + 1 * discounts[1])
    second = 1.5 * sum(discounts[:2]) / (3 * discounts[0])
    assert constant == pytest.approx((first + second) / 2)


def test_the_share_of_the_way_has_the_direction_of_the_metric() -> None:
    assert share_of_the_way(0.3, default=0.5, oracle=0.1) == pytest.approx(0.5)
    assert share_of_the_way(0.85, default=0.8, oracle=0.9) == pytest.approx(0.5)
    assert share_of_the_way(0.7, default=0.8, oracle=0.9) == 0.0
