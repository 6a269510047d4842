"""Quotable sentences and maskable spans, on lines of typical reference pages; checks of written questions."""

import pytest

from flows.domains.search.composers.chain import Chain
from flows.domains.search.composers.prose import Sentence, prose_sentences
from flows.domains.search.composers.sentences import blanks, mask_title, reveals
from flows.domains.search.composers.walk import Step, Walk
from flows.domains.search.composers.written import refusal_reason

GOOD = "Return the last access time of a file, reported by os.stat in seconds."


def test_only_prose_is_quoted() -> None:
    page = f"""# os.path

getatime(filename)
{GOOD}

>>> getatime("x") and a line of code that is not prose at all.

- [a](http://a) | [b](http://b) | [c](http://c)

Alpha, Beta, Gamma, Delta, Epsilon, Zeta, Eta, Theta, Iota.
"""
    assert prose_sentences(page) == (Sentence(GOOD, "en"),)


def test_an_identifier_is_masked_before_a_noun() -> None:
    assert next(blanks(Sentence(GOOD, "en"))).answer == "os.stat"


def test_stop_words_and_verbs_are_never_masked() -> None:
    sentence = Sentence("If the timer has already expired, the caller may wait for the server.", "en")
    answers = {blank.answer for blank in blanks(sentence)}
    assert not answers & {"If", "the", "has", "may", "wait", "expired", "already"}
    assert "server" in answers


def test_a_title_is_masked_in_any_case_and_not_inside_words() -> None:
    assert mask_title("The OS module opens the chaos.", "os", ("os",)) == "The [title] module opens the chaos."
    assert mask_title("An os is an os.", "os", ("os",)) is None


@pytest.mark.parametrize(
    ("text", "answer", "revealed"),
    [("the paths of files", "path", True), ("a route", "path", False), ("On", "on", False), ("of 1904.", "1904", True)],
)
def test_a_longer_form_of_the_answer_reveals_it(text: str, answer: str, revealed: bool) -> None:
    assert reveals(text, answer) is revealed


QUOTED = "The lamp burned whale oil until a dynamo was brought ashore in ____ from the mainland yards."
CHAIN = Chain(
    Walk(1, "k", (Step("d", "http://a", "Ashness Lighthouse", ("ashness",), None, "text"),)), "1902", (QUOTED,)
)


@pytest.mark.parametrize(
    ("question", "reason"),
    [
        ("In which year did electric light replace the oil lamp of the tower on the reef?", None),
        ("", "written_empty"),
        ("Which year?", "written_length"),
        ("This is no question but a sentence that goes on and on.", "written_not_one_question"),
        ("When was the dynamo brought there? And who was it that did bring it?", "written_not_one_question"),
        ("In which year, such as ____, was the dynamo brought to the tower?", "written_blank"),
        ("Was it in 1902 that the dynamo was brought to the tower there?", "written_tells_answer"),
        ("In which year was the dynamo brought to the tower of Ashness then?", "written_names_page"),
        ("The lamp burned whale oil until a dynamo was brought ashore in when?", "written_copies"),
    ],
)
def test_a_written_question_is_refused_with_a_reason(question: str, reason: str | None) -> None:
    assert refusal_reason(question, CHAIN) == reason
