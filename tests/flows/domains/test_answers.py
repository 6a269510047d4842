"""Verifiers of answers: right answers in any notation pass, wrong ones fail with the reason of their fault."""

import csv
import io
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.domains.answers import EXACT_ANSWER, NUMERIC_CLOSE, SET_EQUALS, TABLE_EQUALS, for_form
from flows.domains.contract import Finished, Judgement
from schemas.task import Hidden, Task
from schemas.trajectory import Trajectory

Truth = dict[str, object]
ENERGY: Truth = {"form": "number", "value": 3.42, "unit": "kJ/mol", "relative_tolerance": 0.01, "absolute_tolerance": 0}
CITIES: Truth = {"form": "set", "items": [["Paris, Texas"], ["Simon and Garfunkel"], ["London", "Londinium"], ["C++"]]}
YEARS: Truth = {
    "form": "table",
    "columns": ["page", "year"],
    "rows": [["X", 1990], ["Y | z", None], ["Zé", 3.5]],
    "key": ["page"],
}


def judged(truth: Truth, answer: str | None, instruction: str = "How many?") -> Judgement:
    hidden = Hidden(task_id="t", goal=json.dumps({"answer": truth}), oracle=None, run_id="n")
    return for_form(str(truth["form"])).judge(finished(answer, hidden, instruction))


def finished(answer: str | None, hidden: Hidden | None, instruction: str = "How many?") -> Finished:
    """An attempt of the columns that these verifiers read."""
    task, attempt = dict[str, Any](instruction=instruction), dict[str, Any](answer=answer)
    return Finished(Task.model_construct(**task), Trajectory.model_construct(**attempt), [], None, hidden)


@pytest.mark.parametrize(
    ("accepted", "answer", "reason"),
    [
        ("Reykjavik", "Reykjavík", "ok"),
        ("Reykjavik", "The answer is **Reykjavik**.", "ok"),
        ("Reykjavik", "$\\boxed{Reykjavik}$", "ok"),
        ("Reykjavik", "The capital of Iceland is Reykjavik.", "too_long"),
        ("Reykjavik", "Oslo", "wrong_value"),
        ("Reykjavik", "  ", "no_answer"),
        ("C++", "`c++`", "ok"),
        ("C++", "C", "wrong_value"),
        ("C", "C#", "wrong_value"),
        ("Vitamin A", "Vitamin", "wrong_value"),
        ("A", "a", "ok"),
        ("-5", "5", "wrong_value"),
        ("3.5", "35", "wrong_value"),
        ("∅", "∅", "ok"),
        ("東京", "東京。", "ok"),
        ("กรุงเทพ", "กรงเทพ", "wrong_value"),
        ("x", "x " * 5_000, "too_long"),
    ],
)
def test_a_text_is_accepted_alone_in_any_spelling(accepted: str, answer: str, reason: str) -> None:
    """Students would learn to answer with a sentence where one word is wanted, or that C answers C++."""
    assert judged({"form": "text", "accepted": ["other", accepted]}, answer).reason == reason


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("3.42 kJ/mol", "ok"),
        ("about 3.4 kJ mol⁻¹", "ok"),
        ("ΔH = 3420 J·mol^-1", "ok"),
        ("$\\boxed{3.42\\times10^{3}\\ \\mathrm{J\\,mol^{-1}}}$", "ok"),
        ("3,42 kilojoules per mole", "ok"),
        ("0.817 kcal/mol", "ok"),
        ("2 * 1.71 = 3.42 kJ/mol", "ok"),
        ("3.42(3) kJ/mol (817 cal/mol)", "ok"),
        ("3.42 ± 0.02 kJ/mol", "ok"),
        ("3.5 kJ/mol", "wrong_value"),
        ("-3.42 kJ/mol", "wrong_value"),
        ("3.42", "missing_unit"),
        ("9", "wrong_value"),
        ("3.42 kJ", "wrong_unit"),
        ("3.42 kJ/mol or 4 kJ/mol", "several_values"),
        ("3.4-3.5 kJ/mol", "range"),
        ("less than 3.42 kJ/mol", "range"),
        ("unknown", "no_number"),
        ("The enthalpy of the second reaction at room temperature is 3.42 kJ/mol", "too_long"),
        (None, "no_answer"),
    ],
)
def test_a_number_is_judged_with_its_unit_and_tolerance(answer: str | None, reason: str) -> None:
    """A right value in another unit would be lost; a bare number, a guess by range or a sentence would be taught."""
    assert judged(ENERGY, answer).reason == reason


@pytest.mark.parametrize(
    ("value", "unit", "answer", "reason"),
    [
        (12, None, "twelve", "ok"),
        (12, None, "12 functions", "ok"),
        (5, None, "5 days", "ok"),
        (5, None, "5 m", "wrong_unit"),
        (0.42, None, "42 %", "ok"),
        (42, "%", "0.42", "wrong_value"),
        (42, "%", "42", "missing_unit"),
        (1234.5, None, "1.234,5", "ok"),
        (1234.5, None, "1 234.5", "ok"),
        (1234, None, "1,234", "ok"),
        (0.5, None, "½", "ok"),
        (3.5, None, "3 1/2", "ok"),
        (342_000, None, "3.42 × 10⁵", "ok"),
        (3.5, None, "٣٫٥", "ok"),
        (5, None, "version 1.2.5", "no_number"),
        (2, None, "H2O", "no_number"),
        (293.15, "K", "20 °C", "ok"),
        (20, "°C", "68 degrees Fahrenheit", "ok"),
        (5.2, "USD", "$5.20", "ok"),
        (5.2, "USD", "5.20 €", "wrong_unit"),
        (4.2, "light_year", "4.2 light years", "ok"),
        (5, "m", "5 m**99999999", "several_values"),
    ],
)
def test_numbers_are_read_in_the_notations_of_people(value: float, unit: str | None, answer: str, reason: str) -> None:
    """Right answers would be refused for the way in which they are written."""
    truth: Truth = {"form": "number", "value": value, "unit": unit, "relative_tolerance": 0, "absolute_tolerance": 0}
    assert judged(truth, answer, "How many days is it?").reason == reason


@pytest.mark.parametrize(
    ("answer", "reason", "score"),
    [
        ("Paris, Texas; Simon and Garfunkel; London; C++", "ok", 1),
        ("The cities are: London, C++, Simon and Garfunkel, and Paris, Texas.", "ok", 1),
        ("Here:\n- Londinium\n- C++ (a language)\n3. Paris, Texas\n* **Simon and Garfunkel**", "ok", 1),
        ('["London", "C++", "Paris, Texas", "Simon and Garfunkel"]', "ok", 1),
        ("London; London; C++; Paris, Texas", "missing_items", 6 / 7),
        ("London; C++; Paris, Texas; Simon and Garfunkel; Rome", "extra_items", 8 / 9),
        ("London, Rome", "other_items", 2 / 6),
        ("C", "wrong_value", 0),
        ("; ".join(map(str, range(40_000))), "too_long", 0),
    ],
)
def test_a_set_is_read_whatever_separates_its_items(answer: str, reason: str, score: float) -> None:
    found = judged(CITIES, answer)
    assert found.reason == reason
    assert found.score == pytest.approx(score)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("So:\n\n| Year | Page |\n|---|---|\n| 1990 | X |\n| - | Y \\| z |\n| 3.50 | Ze |\n", "ok"),
        ("X,1990\nZé,3.5\nY | z,", "ok"),
        ('```json\n[{"page":"X","year":1990},{"page":"Y | z","year":null},{"page":"Zé","year":"3.5"}]\n```', "ok"),
        ("page,year\nX,1991\nY | z,\nZé,3.5", "wrong_cells"),
        ("page,year\nX,1990\nY | z,", "missing_rows"),
        ("page,year\nX,1990\nY | z,\nZé,3.5\nQ,1", "extra_rows"),
        ("page,year\nX,1990\nX,1990\nY | z,\nZé,3.5", "repeated_rows"),
        ("a;b;c\n1;2;3", "missing_columns"),
        ("page | year\n--|--\nX | 1990 | 7\nZ | 3", "ragged_rows"),
        ("| a |\n|--|\n| b |\n\nand\n\n| c |\n|--|\n| d |", "several_tables"),
        ("X and 1990", "no_table"),
    ],
)
def test_a_table_is_read_as_markdown_lines_or_json(answer: str, reason: str) -> None:
    assert judged(YEARS, answer).reason == reason


@given(value=st.floats(-1e12, 1e12).filter(lambda x: abs(x) > 1e-6), seed=st.integers(0, 5))
def test_a_number_reads_back_from_every_notation(value: float, seed: int) -> None:
    written = (
        f"{value:.12g}",
        f"{value:,.7f}",
        f"{value:.12e}",
        f"{value:,.7f}".translate(str.maketrans(",.", ".,")),
        f"{value:,.7f}".replace(",", "\u202f"),
        "{}×10^{}".format(*f"{value:.12e}".split("e")),
    )[seed]
    truth: Truth = {"form": "number", "value": value, "relative_tolerance": 1e-6, "absolute_tolerance": 1e-6}
    assert judged(truth, written).reason == "ok", written


NAMES = st.lists(st.from_regex(r"[A-Za-z]{3,9}(?:, [A-Z][a-z]{2,9}| and [a-z]{4,9})?", fullmatch=True), min_size=2)


@settings(max_examples=50)
@given(names=NAMES, seed=st.integers(0, 2**32))
def test_a_list_reads_back_in_any_order_and_a_lost_item_is_missed(names: list[str], seed: int) -> None:
    dice, shuffled = random.Random(seed), list({name.casefold(): name for name in names}.values())
    truth: Truth = {"form": "set", "items": [[name] for name in shuffled]}
    dice.shuffle(shuffled)
    bullet, between = dice.choice([("- ", "\n"), ("", "; "), ("* ", "\n\n"), ("1. ", "\n")])
    assert judged(truth, between.join(bullet + name for name in shuffled)).reason == "ok"
    if len(shuffled) > 2:
        assert judged(truth, between.join(bullet + name for name in shuffled[1:])).reason == "missing_items"


@settings(max_examples=50)
@given(
    rows=st.dictionaries(st.from_regex(r"[A-Za-z|;, ]{1,9}[a-z]", fullmatch=True), st.integers(-9999, 9999), min_size=2)
)
def test_a_table_reads_back_from_every_format(rows: dict[str, int]) -> None:
    table = [[name.strip(), n] for name, n in {k.strip().casefold(): v for k, v in rows.items()}.items()]
    truth: Truth = {"form": "table", "columns": ["name", "n"], "rows": table, "key": []}
    lines = io.StringIO()
    csv.writer(lines).writerows([["n", "name"], *((n, name) for name, n in table)])
    bars = "\n".join("| {} | {} |".format(str(name).replace("|", "\\|"), n) for name, n in [("name", "n"), *table])
    for answer in (lines.getvalue(), bars, json.dumps({"columns": ["name", "n"], "rows": table})):
        assert judged(truth, answer).reason == "ok", answer


@given(st.text())
def test_no_answer_breaks_a_verifier(answer: str) -> None:
    """A hostile answer would end the rollout, and every answer gets a reason."""
    word: Truth = {"form": "text", "accepted": ["x"]}
    for truth in (ENERGY, CITIES, YEARS, word):
        assert judged(truth, answer).reason


def test_a_truth_of_another_form_is_no_truth_and_states_have_no_verifier_of_answers() -> None:
    assert {NUMERIC_CLOSE, SET_EQUALS, TABLE_EQUALS, EXACT_ANSWER} == set(
        map(for_form, ("text", "number", "set", "table"))
    )
    assert EXACT_ANSWER.judge(finished("x", None)).reason == "no_truth"
    with pytest.raises(LookupError, match="text, number, set, table"):
        for_form("state")
