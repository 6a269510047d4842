"""Constraints on the end: the last lines of a report, and the final message, which measure the text itself."""

from random import Random

from flows.domains.instruction_following.families.delivery import Delivery, Report, after, words
from flows.domains.instruction_following.families.family import (
    Case,
    Constraint,
    Family,
    Given,
    Goal,
    overruled,
    replaced,
    ruled,
)
from flows.domains.instruction_following.families.outline import Outline

CLOSINGS = (
    "Filed under {n} by the writing desk.", "End of sheet {n}.", "Copy {n} is for the shelf.",
    "Checked twice, tray {n}.", "This text ends here ({n}).", "Return to cabinet {n} after reading.",
)  # fmt: skip
MESSAGES = (
    "Delivered: {sections} sections under \"{title}\".", "{title} / {sections}", "Done ({sections} sections): {title}",
    "[{sections}] {title}", "Report \"{title}\" is ready; sections: {sections}",
)  # fmt: skip
TOTALS = ("Words", "Length in words", "Word count")


def _draw_closing(case: Case) -> Constraint:
    n = case.draws.randint(11, 999)
    return ruled(case, "closing_line", [one.format(n=n) for one in CLOSINGS])


def _closes(delivery: Delivery, goal: Given) -> bool:
    return delivery.report(goal["report"]).end[-1:] == (goal["value"],)


def _write_closing(outline: Outline, goal: Given) -> None:
    outline.end.append(goal["value"])


def _draw_total(case: Case) -> Constraint:
    label = case.draws.choice(TOTALS)
    return Constraint(
        "word_total", {"report": case.report, "label": label, "add": 0}, case.say("word_total", label=label)
    )


def _total(report: Report) -> int:
    return sum(len(words(body)) for _, body in report.sections)


def _totals(delivery: Delivery, goal: Given) -> bool:
    report = delivery.report(goal["report"])
    return bool(report.sections) and after(report.end, goal["label"]) == str(_total(report) + goal["add"])


def _write_total(outline: Outline, goal: Given) -> None:
    n = _total(outline.delivery().report(outline.name)) + goal["add"]
    outline.end.insert(0, f"{goal['label']}: {n}")


def _off_by_one(goal: Given, draws: Random) -> Goal:
    return replaced(goal, add=1)


def _draw_message(case: Case) -> Constraint:
    return ruled(case, "message_form", MESSAGES)


def _message(goal: Given, report: Report) -> str:
    return str(goal["value"].format(sections=len(report.sections), title=report.title))


def _says(delivery: Delivery, goal: Given) -> bool:
    report = delivery.report(goal["report"])
    return bool(report.sections) and delivery.message.strip() == _message(goal, report)


def _write_message(outline: Outline, goal: Given) -> None:
    outline.message = _message(goal, outline.delivery().report(outline.name))


ENDING = (
    Family("closing_line", _draw_closing, _closes, _write_closing, overruled, 7),
    Family("word_total", _draw_total, _totals, _write_total, _off_by_one, 8),
    Family("message_form", _draw_message, _says, _write_message, overruled, 9),
)
