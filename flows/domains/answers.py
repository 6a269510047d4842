"""Verifiers of final answers by their form: text, a number with unit and tolerance, a set, a table.

They read the truth from the hidden record's goal, key `answer`, so that every domain states it in one way:

    {"form": "text", "accepted": ["X", "alias"]}
    {"form": "number", "value": 3.42, "unit": "kJ/mol", "relative_tolerance": 0.01, "absolute_tolerance": 0}
    {"form": "set", "items": [["X", "alias of X"], ["Y"]]}
    {"form": "table", "columns": ["page", "year"], "rows": [["X", 1990]], "key": ["page"]}
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from flows.domains import listing
from flows.domains.contract import Finished, Judgement, Verifier
from flows.domains.grid import compared
from flows.domains.quantities import Quantity, read_quantity
from flows.domains.spelling import holds, plain, spelled
from flows.domains.tables import read_table
from flows.domains.units import bare, converted

MAX_TEXT_CHARS = 2_000
"""Characters beyond which an answer is no text answer, whatever it holds."""
ROUNDING = 1e-9
"""Share of a number by which floating point may differ, beside the tolerance of the truth."""
Truth = Mapping[str, Any]


def exact_answer(attempt: Finished) -> Judgement:
    """Passes if the answer is one of the accepted spellings, alone or after `The answer is`.

    Reasons: `too_long` for an accepted spelling within further text, `wrong_value` for any other.
    """
    return _judged(attempt, "text", _text)


def numeric_close(attempt: Finished) -> Judgement:
    """Passes if the answer states one number, in any unit of the wanted kind, within the truth's tolerance.

    Reasons: `no_number`, `several_values`, `range`, `too_long`, `missing_unit` (the number would be right),
    `wrong_unit` (it measures something else), `wrong_value`.
    """
    return _judged(attempt, "number", _number)


def set_equals(attempt: Finished) -> Judgement:
    """Passes if the answer lists every item and nothing else, in any order; the score is F1.

    Reasons: `missing_items`, `extra_items`, `other_items` (both), `wrong_value` (not one is right), `too_long`.
    """
    return _judged(attempt, "set", _set)


def table_equals(attempt: Finished) -> Judgement:
    """Passes if the answer's table has the rows of the truth, rows and columns in any order; the score is F1 of cells.

    Reasons: those of `read_table`, `missing_rows`, `extra_rows`, `repeated_rows`, `wrong_cells`.
    """
    return _judged(attempt, "table", _table)


def _judged(attempt: Finished, form: str, judge: Callable[[Truth, str, Finished], Judgement]) -> Judgement:
    goal = json.loads(attempt.hidden.goal) if attempt.hidden and attempt.hidden.goal else {}
    truth, answer = goal.get("answer"), attempt.trajectory.answer
    if not truth or truth.get("form") != form:
        return Judgement("no_truth")
    if answer is None or not answer.strip():
        return Judgement("no_answer", 0.0)
    return judge(truth, answer, attempt)


def _text(truth: Truth, answer: str, attempt: Finished) -> Judgement:
    if len(answer) > MAX_TEXT_CHARS:
        return Judgement("too_long", 0.0)
    accepted = {spelled(one) for one in truth["accepted"]}
    if accepted & {spelled(answer), spelled(plain(answer))}:
        return Judgement("ok", 1.0)
    return Judgement("too_long" if any(holds(spelled(answer), one) for one in accepted) else "wrong_value", 0.0)


def _number(truth: Truth, answer: str, attempt: Finished) -> Judgement:
    read = read_quantity(answer)
    reason = read if isinstance(read, str) else _number_reason(truth, read, attempt.task.instruction)
    return Judgement(reason, float(reason == "ok"))


def _number_reason(truth: Truth, read: Quantity, instruction: str) -> str:
    wanted = truth.get("unit")
    if read.unit is None:
        if not _close(truth, read.value):
            return "wrong_value"
        return "missing_unit" if wanted else "ok"
    value = converted(read.value, read.unit, wanted) if wanted else bare(read.value, read.unit)
    if value is None and not wanted and holds(spelled(instruction), spelled(read.unit_text)):
        value = read.value  # the things that the question counts, such as days
    if value is None:
        return "wrong_unit"
    return "ok" if _close(truth, value) else "wrong_value"


def _close(truth: Truth, value: float) -> bool:
    size = abs(truth["value"])
    relative, absolute = truth.get("relative_tolerance") or 0.0, truth.get("absolute_tolerance") or 0.0
    return bool(abs(value - truth["value"]) <= max(relative * size, absolute) + ROUNDING * size)


def _set(truth: Truth, answer: str, attempt: Finished) -> Judgement:
    if len(answer) > listing.MAX_CHARS:
        return Judgement("too_long", 0.0)
    wanted, read = len(truth["items"]), listing.read_list(answer, truth["items"])
    found, others = len(read.found), read.others
    score = 2 * found / (wanted + found + others) if wanted or others else 1.0
    if found == wanted:
        return Judgement("extra_items" if others else "ok", score)
    if not found:
        return Judgement("wrong_value", score)
    return Judgement("other_items" if others else "missing_items", score)


def _table(truth: Truth, answer: str, attempt: Finished) -> Judgement:
    read = read_table(answer, truth["columns"])
    return Judgement(read, 0.0) if isinstance(read, str) else Judgement(*compared(truth, read))


EXACT_ANSWER = Verifier("exact_answer", "1", exact_answer)
NUMERIC_CLOSE = Verifier("numeric_close", "1", numeric_close)
SET_EQUALS = Verifier("set_equals", "1", set_equals)
TABLE_EQUALS = Verifier("table_equals", "1", table_equals)
BY_FORM = {"text": EXACT_ANSWER, "number": NUMERIC_CLOSE, "set": SET_EQUALS, "table": TABLE_EQUALS}


def for_form(form: str) -> Verifier:
    """The verifier of an answer form. Raises LookupError on `state` and `files`, which only their world can judge."""
    if form not in BY_FORM:
        raise LookupError(f"no verifier of answers judges the form {form!r}; there are: {', '.join(BY_FORM)}")
    return BY_FORM[form]
