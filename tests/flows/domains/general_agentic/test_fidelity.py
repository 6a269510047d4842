"""A user that a model plays: replies that keep to the role, and replies that make an attempt useless."""

import pytest

from flows.domains.general_agentic.fidelity import breach
from flows.environments.played_user import NOTHING

FACTS = {
    "flat rate": "Use a flat rate of 1,250 this time.",
    "delivery date": "The goods must not arrive before 2026-03-04.",
    "approver": "Send it to Ines Halvorsen first.",
}
WORK = {"or-118", "refund_order"}


@pytest.mark.parametrize(
    ("asked", "words", "reason"),
    [
        ("flat rate", "Use a flat rate of 1,250 this time.", None),
        ("what is the flat rate?", "No problem, take 1250.", None),
        ("delivery date of OR-118", "OR-118 must not come before 2026-03-04.", None),
        ("the colour of the sky", NOTHING, None),
        ("the flat rate", "I think it was 1300.", "contradicts_script"),
        ("the delivery date", "The goods must arrive before 2026-03-04.", "contradicts_script"),
        ("the flat rate", "1,250, and the goods come on 2026-03-04.", "revealed_unasked"),
        ("the flat rate", "1,250. Ines Halvorsen should see it.", "revealed_unasked"),
        ("anything else?", "Use a rate of 1,250.", "revealed_unasked"),
        ("the flat rate", "1,250, so start with OR-118.", "solved_task"),
        ("the approver", "Ines Halvorsen; then call refund_order.", "solved_task"),
    ],
)
def test_a_reply_says_what_was_asked_from_the_script_and_no_more(asked: str, words: str, reason: str | None) -> None:
    """Attempts with a user that leaks or invents would teach agents to wait for the solution instead of working."""
    assert breach(FACTS, asked, words, WORK) == reason
