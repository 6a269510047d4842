"""Names, years and runs without a source in their attempt are refused, and so is a task that is handed back."""

from pathlib import Path

import pytest

from tests.doubles.lakes.small_lake import SmallLake
from tests.flows.refine.gates.test_catalogue import Lakes, reasons


@pytest.fixture
def lake() -> Lakes:
    return Lakes()


def test_a_name_or_a_year_that_no_result_holds_is_refused(tmp_path: Path, lake: Lakes) -> None:
    """A student would learn to invent the builder and the date of a bridge."""

    def told(answer: str, observation: str = "The bridge is 210 m long and has 3 arches.") -> SmallLake:
        return lake(
            task={"instruction": "Tell me about the bridge of Lorne"},
            row={"answer": answer},
            t1={"content": "Tell me about the bridge of Lorne"},
            t3={"observation": observation},
            last={"content": answer},
        )

    cases = {
        "name": told("It is 210 m long and was built by Henrik Vasmer."),
        "read": told("It is long and was built by Henrik Vasmer.", "Bridge: VASMER, Henrik (builder)."),
        "translated": told("It was built by Kenji Tanaka.", "橋は田中健司が建てた。"),
        "german": told("Sie ist lang, und das Wasser fließt unter Bögen."),
        "year": told("It is 210 m long and was opened in 1874."),
        "anniversary": told("It was opened in 1874.", "It is 150 years old in 2024, 210 m long, of 3 arches."),
    }
    assert reasons(tmp_path, "invention", cases) == {
        "name": "name_never_read",
        "year": "number_never_read",
        **dict.fromkeys(("read", "translated", "german", "anniversary"), "ok"),
    }


def test_a_run_that_failed_or_never_was_is_not_reported_as_good(tmp_path: Path, lake: Lakes) -> None:
    """A student would learn to report success after its last edit, whatever the tests did."""

    def fixed(answer: str, name: str, observation: str) -> SmallLake:
        order = "Fix the slug in blog.py"
        made = lake(
            task={"instruction": order}, row={"answer": answer}, t1={"content": order}, last={"content": answer}
        )
        calls = f'[{{"id": "call_0", "name": "{name}", "arguments": {{"command": "pytest -q"}}}}]'
        made.turns[:] = [
            turn.model_copy(
                update={"tool_calls": calls} if turn.tool_calls else {"observation": observation} if turn.tool else {}
            )
            for turn in made.turns
        ]
        return made

    cases = {
        "failed": fixed("The slug is fixed. All four tests pass.", "bash", "1 failed, 3 passed in 0.3s"),
        "admitted": fixed("Three of four tests pass, test_umlaut still fails.", "bash", "1 failed, 3 passed in 0.3s"),
        "passed": fixed("The slug is fixed. All four tests pass.", "bash", "4 passed in 0.3s"),
        "never run": fixed("The program runs without errors again.", "edit_file", "1 replacement"),
    }
    assert reasons(tmp_path, "claims", cases) == {
        "failed": "tests_failed",
        "never run": "never_verified",
        **dict.fromkeys(("admitted", "passed"), "ok"),
    }


def test_a_task_handed_back_behind_what_was_read_is_refused(tmp_path: Path, lake: Lakes) -> None:
    """A student would learn to do the easy half of a task and to leave the rest to its user."""
    order, read = "Count the votes and name the winner", "votes: Alder 14, Birch 9, Cedar 11"

    def counted(end: str) -> SmallLake:
        answer = f"Alder has 14 votes, Birch 9 and Cedar 11. {end}"
        return lake(
            task={"instruction": order},
            row={"answer": answer},
            t1={"content": order},
            t3={"observation": read},
            last={"content": answer},
        )

    cases = {
        "handed back": counted("Naming somebody is better left to your committee."),
        "in French": counted("Quant à la suite, je vous laisse juger vous-mêmes."),
        "done": counted("Alder wins with 14 votes."),
        "on condition": counted("Alder wins. If votes came late, the list is better left to your committee."),
    }
    assert reasons(tmp_path, "refusal", cases) == {
        **dict.fromkeys(("handed back", "in French"), "refusal"),
        **dict.fromkeys(("done", "on condition"), "ok"),
    }
