"""The text gates on the labelled conversations that tune them, and the parts that their answers rest on."""

import re

import duckdb
import pytest

from flows.refine.gates.language import foreign_answers
from flows.refine.gates.patterns import patterns
from sources.privacy.mail_validators import names_author
from sources.privacy.pii_validators import is_plausible
from tests.benchmarks.refine.gates import scores
from tests.benchmarks.refine.judged import judged
from tests.flows.refine.gates.labelled.rows import labelled_rows


@pytest.mark.slow
def test_a_changed_rule_loses_no_family_of_the_tuning_half() -> None:
    """A phrase added for one language easily refuses good answers of another, or stops finding bad ones."""
    lowest = {
        score.family: (score.precision() or 0, score.recall() or 0) for score in scores(judged(labelled_rows("tuning")))
    }
    assert {family: found for family, found in lowest.items() if found[0] < 0.95 or found[1] < 0.85} == {}


def test_every_list_of_phrases_is_an_expression_of_duckdb() -> None:
    """A phrase that RE2 cannot read would end every refine."""
    with duckdb.connect() as con:
        for name, expression in patterns().items():
            found = con.execute("select regexp_matches('', $expression)", {"expression": expression}).fetchone()
            assert found == (False,), f"{name} matches everything"


@pytest.mark.parametrize(
    ("task", "system", "answer", "foreign"),
    [
        ("Wie hoch ist der Turm?", "", "The tower is three hundred and thirty metres high, as its page states.", "en"),
        ("Wie hoch ist der Turm?", "", "Der Turm ist laut seiner Seite dreihundertdreißig Meter hoch.", None),
        ("Translate the notice into French.", "", "Le bureau est fermé le lundi et le mardi de chaque semaine.", None),
        ("Quelle est la capitale ?", "Always answer in English.", "The capital of the province is a small town.", None),
        (
            "Quelle est la capitale ?",
            "Always answer in English.",
            "La capitale de la province est une petite ville.",
            "fr",
        ),
        ("Which command lists files?", "", "`ls -la`", None),
        ("Ukaž příklad výstupu.", "", "Příklad:\n\n```\n$ uptime\n up 3 days, load average: 0.10\n```", None),
    ],
)
def test_an_answer_is_foreign_if_its_task_neither_uses_nor_names_its_language(
    task: str, system: str, answer: str, foreign: str | None
) -> None:
    """A student that answers in another language than the question serves no reader."""
    assert foreign_answers([task], [system], [answer]) == [foreign]


@pytest.mark.parametrize(
    ("before", "after", "names"),
    [
        ("Author: Kim Lee <", ">", True),
        ("Signed-off-by: Kim Lee <", ">", True),
        ("4f2a9c1 Kim Lee <", ">", True),
        ('git config user.email "', '"', True),
        ("Kim Lee <", "> is the author of commit 4be.", True),
        ("setup.cfg names ", " as author_email.", True),
        ("\n/docs @web ", "\n", True),
        ("Write to the patient at ", "", False),
        ("Kim Lee (", ") placed order 77.", False),
    ],
)
def test_addresses_of_authors_are_no_leak(before: str, after: str, names: bool) -> None:
    """Git and packages publish them; a set of engineering work would lose most of its rows."""
    assert names_author(before, after) == names


@pytest.mark.parametrize(
    ("address", "is_private"),
    [
        ("rezerwacje@hotel-brzoza.pl", False),
        ("customer.care@shop.com", False),
        ("user@lists.debian.org", False),
        ("rzecznik@um.olsztyn.pl", False),
        ("ruderclub-mueritz@gmx.de", False),
        ("kim.lee84@gmail.com", True),
        ("ada12@corp.net", True),
    ],
)
def test_mailboxes_of_the_public_are_no_personal_data(address: str, is_private: bool) -> None:
    assert is_plausible("email", address, b"write to ") == is_private


def test_no_phrase_ends_a_word_of_letters_beyond_ascii_by_an_ascii_class() -> None:
    r"""RE2 knows `\b` and `\w` for ASCII only: `exporté\b` and `внутренн\w+` match nothing, without any error."""
    ascii_only = re.compile(r"[^\x00-\x7f…]\)?\\w|[^\x00-\x7f…]\)?\\b|\\b\(?[\u0430-\u0451]")
    found = {name: ascii_only.findall(expression) for name, expression in patterns().items()}
    assert {name: places for name, places in found.items() if places} == {}
