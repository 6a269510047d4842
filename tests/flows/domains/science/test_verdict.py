"""The verdict: every step is true in two ways, the oracle solves a composed study, and no shortcut does."""

import json
import sys
from datetime import date
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import cast

import pytest

from flows.domains.attempt import Player
from flows.domains.contract import Corpus, Finished, Refused
from flows.domains.science import DOMAIN
from flows.domains.science.composing.compose import LIBRARY_STUDY
from flows.domains.science.composing.proof import MissingPackages, prove
from flows.domains.science.expressions import equal_formulas
from flows.domains.science.study.draw_part import draw_part
from flows.domains.science.study.parts import Study, Term
from flows.domains.science.topics import TOPICS, Topic
from flows.domains.science.verifiers import steps_shown
from flows.domains.seeds import Seed
from flows.settings import Tasks
from flows.tasks.probes.canary import leak
from flows.tasks.rows import hidden_row, task_row
from tests.flows.domains.science.studies import SMALL_IMAGE, need_sandbox

GOAL = {
    "answer": {"form": "number", "value": 2.0, "unit": None, "relative_tolerance": 0.0005, "absolute_tolerance": 0},
    "steps": {
        "1.force": {"form": "expression", "value": "x"},
        "1.residues": {"form": "text", "value": "MKT"},
        "2.ph": {"form": "number", "value": 5.0},
        "2.pka": {"form": "number", "value": 4.0},
    },
}

SHORT = 49
"""Seed of a study of three parts, one of which wants a formula."""


@pytest.mark.parametrize(
    ("answer", "notebook", "formulas", "expected"),
    [
        ("2.0005", {"1.force": "x*1", "1.residues": " MKT", "2.ph": "5.001", "2.pka": 4}, {"1.force": True}, ("ok", 1)),
        ("2.1", {"1.force": "x", "1.residues": "MKA", "2.ph": 5.2, "2.pka": "four"}, {}, ("wrong_value", 0.0)),
        ("2", {"2.ph": 5}, {}, ("ok", 0.25)),
        (None, {"2.ph": 5, "2.pka": "4.001"}, {}, ("no_answer", 0.5)),
    ],
)  # fmt: skip
def test_the_last_number_decides_and_steps_are_the_score(
    answer: str | None, notebook: dict[str, object], formulas: dict[str, bool], expected: tuple[str, float]
) -> None:
    checks = json.dumps({"notebook": notebook, "formulas": formulas})
    rows = SimpleNamespace(
        task=SimpleNamespace(instruction=""), hidden=SimpleNamespace(goal=json.dumps(GOAL)),
        outcome=SimpleNamespace(checks=checks), trajectory=SimpleNamespace(answer=answer),
    )  # fmt: skip
    judged = steps_shown(cast(Finished, rows))
    assert (judged.reason, judged.score) == expected


def _alone(topic: Topic, seed: int) -> Study:
    """A study of one part."""
    codes = [f"AA-{n}" for n in range(100, 140)]
    part = draw_part(Random(seed), 1, topic, codes, 0.0)
    return Study("ZZ-1", [part], [Term(0.3, float(topic.solve(part.given(part.chosen))[topic.result.name]) * 0.7)])


def test_without_the_extra_a_night_refuses_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A night that composes no science must need none of its packages; one that does must not fail in the middle."""
    monkeypatch.setitem(sys.modules, "rdkit", None)
    with pytest.raises(MissingPackages, match=r'needs rdkit: pip install "horizon-factory\[science\]"'):
        LIBRARY_STUDY.candidates(cast(Corpus, SimpleNamespace()))


@pytest.mark.slow
def test_all_topics_agree_with_their_second_way() -> None:
    """A wrong formula on a page would teach a thousand wrong attempts; a changed package shows here."""
    for topic in TOPICS.values():
        for seed in (1, 2, 3, 4):
            try:
                prove(_alone(topic, seed))
            except Refused as refused:
                assert str(refused) == "guessable", topic.name


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_composed_study_is_solved_by_its_oracle_only(tmp_path: Path) -> None:
    """A study that a constant, a guess or one step solves teaches none of the work."""
    need_sandbox()
    draft = LIBRARY_STUDY.compose(Seed(1, SHORT), lambda system, text: "")
    task = task_row(DOMAIN, LIBRARY_STUDY, draft, Tasks(), date(2026, 1, 2))
    hidden = hidden_row(task, draft)
    assert leak(task, hidden) is None
    assert DOMAIN.policies is not None
    played = {"oracle": DOMAIN.policies.oracle, **DOMAIN.policies.shortcuts}
    attempts = {
        name: Player(DOMAIN, SMALL_IMAGE, tmp_path / name).play(task, hidden, policy) for name, policy in played.items()
    }
    assert {name: one.solved(()) for name, one in attempts.items()} == {name: name == "oracle" for name in played}
    assert attempts["oracle"].judgements["steps_shown"].score == 1.0
    pairs = {"same": ("x*(1.5 - 0.2*x**2)", "1.5*x - 0.2*x**3"), "other": ("1.5*x", "1.5*x - 0.2*x**3")}
    assert equal_formulas(pairs, "science", SMALL_IMAGE) == {"same": True, "other": False}
