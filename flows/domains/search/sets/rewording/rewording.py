"""A question in the teacher's words, with every fact and every rule of it checked.

The teacher writes around the names of facts, such as {set1}, so it can change none of them. Each sentence keeps its own
facts in their order, and the rules of its kind (`rules.toml`); what fails a check is refused by reason.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

from flows.domains.contract import Refused, Writer
from flows.domains.search.sets.question import Question
from flows.domains.search.sets.rewording.facts import NAME, Sentence, filled, named, names, template
from flows.domains.search.sets.wording import templates
from schemas.prompt import prompt
from sources.index.scripts import lowercase_words

PROMPT = prompt("reword_question", "flows.domains.search")
LONGEST = 3
"""A sentence may be so many times as long as the plain one."""
ITEM = re.compile(r"^\s*(\d+)[.)]\s+", re.MULTILINE)
ODD = re.compile(r"[“”\"`{}_/\\=<>\[\]@]|(?<!step )\d", re.IGNORECASE)
"""Marks of a quotation, a value, a path or code, none of which stands outside a fact."""
SHORTEST_TITLE = 4
Rules = Mapping[str, Sequence[str]]


def reworded(plain: Question, write: Writer) -> Question:
    """The question with those sentences that hold facts in the teacher's words.

    Raises Refused with the reason why its text cannot be used, TeacherError if the teacher fails.
    """
    sentences = named(plain.sentences)
    asked = [one for one in sentences if one.facts]
    if any(ODD.search(NAME.sub("", one.pattern)) for one in asked):
        raise Refused("reworded_odd_quotation")
    reply = re.sub(r"<think>.*?(?:</think>|$)", "", write(PROMPT.text, shown(asked)), flags=re.DOTALL).strip()
    texts = _items(reply.encode("utf-8", "replace").decode(), len(asked))
    for one, text in zip(asked, texts, strict=True):
        _check(one, text)
    if _reveals(" ".join(texts), plain):
        raise Refused("reworded_reveals_answer")
    made = iter(texts)
    return replace(
        plain, sentences=tuple(filled(next(made), one.facts) if one.facts else one.plain for one in sentences)
    )


def shown(sentences: Sequence[Sentence]) -> str:
    """The sentences as the teacher reads them: each with names, then the text of each name."""
    return "\n\n".join(
        "\n".join([f"{number}. {one.pattern}", *(f"   {{{name}}} is {fact}" for name, fact in one.facts.items())])
        for number, one in enumerate(sentences, 1)
    )


def kind_of(sentence: str) -> str:
    """The name of the template that made a sentence. Raises LookupError if none of those with rules did."""
    for kind in _rules():
        if kind != "every" and any(re.fullmatch(template(one), sentence, re.DOTALL) for one in templates(kind)):
            return kind
    raise LookupError(f"no rules for the sentence {sentence!r}: add its kind to rules.toml")


def _items(reply: str, n: int) -> list[str]:
    before, *parts = ITEM.split(reply)
    numbers, texts = parts[::2], [" ".join(one.split()) for one in parts[1::2]]
    if before.strip() or numbers != [str(number) for number in range(1, n + 1)] or not all(texts):
        raise Refused("reworded_other_sentences")
    return texts


def _check(sentence: Sentence, text: str) -> None:
    for reason, fails in _checks(sentence, text):
        if fails:
            raise Refused(reason)


def _checks(sentence: Sentence, text: str) -> Iterator[tuple[str, bool]]:
    own, found, words = list(sentence.facts), names(text), NAME.sub(" ", text)
    rules, every = _rules()[kind_of(sentence.plain)], _rules()["every"]
    yield "reworded_lost_fact", not set(own) <= set(found)
    yield "reworded_added_fact", len(found) != len(own) or bool(ODD.search(words))
    yield "reworded_order", found != own
    yield "reworded_lost_rule", not all(_matches(rule, words) for rule in rules["needs"])
    yield "reworded_added_rule", any(_matches(rule, words) for rule in (*rules["excludes"], *every["excludes"]))
    yield "reworded_long", len(text) > LONGEST * len(sentence.pattern)


def _matches(rule: str, words: str) -> bool:
    return bool(re.search(rule, words, re.IGNORECASE))


def _reveals(words: str, question: Question) -> bool:
    """The words beside the facts hold the title of a page that is the answer."""
    text = f" {lowercase_words(NAME.sub(' ', words))} "
    titles = [lowercase_words(name) for page in question.answer_pages for name in (page.name, page.title)]
    return any(f" {title} " in text for title in titles if len(title) >= SHORTEST_TITLE)


@cache
def _rules() -> dict[str, Rules]:
    text = files("flows.domains.search.sets.rewording").joinpath("rules.toml").read_text("utf-8")
    found: dict[str, Rules] = tomllib.loads(text)
    return found
