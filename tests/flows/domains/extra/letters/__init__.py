"""A small domain: count how often a letter occurs in the title of a page."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import Field

from flows.domains.contract import Composer, Corpus, Domain, Draft, Finished, Judgement, Refused, Verifier, Writer
from flows.environments.functions import FunctionTool, function_environment
from flows.environments.resources import Resources
from flows.environments.tool import Answer, Arguments
from schemas.prompt import prompt


class CountArguments(Arguments):
    letter: str = Field(min_length=1, max_length=1, description="the letter to count")
    text: str = Field(description="the text in which to count it")


class SpellArguments(Arguments):
    text: str = Field(description="the text to spell")


def count(arguments: CountArguments, resources: Resources) -> Answer:
    return Answer(str(arguments.text.lower().count(arguments.letter.lower())))


def spell(arguments: SpellArguments, resources: Resources) -> Answer:
    return Answer("-".join(arguments.text)) if arguments.text else Answer("There is nothing to spell.", "empty")


def number_matches(attempt: Finished) -> Judgement:
    passed = (attempt.trajectory.answer or "").strip() == attempt.task.answer
    return Judgement("ok" if passed else "other_number", float(passed))


@dataclass(frozen=True)
class Title:
    number: int
    text: str
    fetched_at: datetime


def titles(corpus: Corpus) -> Iterator[Title]:
    """All titles of the corpus, without those that became a task in an earlier run of the night."""
    composed = "select instruction from tasks where run_id = $day and composer = 'letters'"
    used = {text for (text,) in corpus.con.execute(composed, {"day": corpus.day.isoformat()}).fetchall()}
    rows = corpus.con.execute("select title, fetched_at from pages order by url").fetchall()
    for number, (title, fetched_at) in enumerate(rows, 1):
        if question(title) not in used:
            yield Title(number, title, fetched_at)


def question(title: str) -> str:
    return f"How often does the letter e occur in '{title}'?"


def compose(title: Title, write: Writer) -> Draft:
    n = title.text.lower().count("e")
    if not n:
        raise Refused("no_such_letter")
    return Draft(question(title.text), str(n), title.fetched_at)


DOMAIN = Domain(
    name="letters",
    environment=function_environment(
        "letters",
        "1",
        tools=(
            FunctionTool("count", "Count a letter in a text.", CountArguments, count, read_only=True),
            FunctionTool("spell", "Spell a text letter by letter.", SpellArguments, spell, read_only=True),
        ),
    ),
    verifiers=(Verifier("number_matches", "7", number_matches),),
    composers=(Composer("letters", "3", titles, compose),),
    chat_prompt=prompt("system", __name__),
    text_prompt=prompt("system", __name__),
)
