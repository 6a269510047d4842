"""Questions in the teacher's words: a fact or a rule that is lost there makes the stored truth wrong."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random

import pytest

from flows.domains.contract import Refused, Writer
from flows.domains.search.sets.question import Question
from flows.domains.search.sets.rewording.facts import filled, named
from flows.domains.search.sets.rewording.rewording import PROMPT, kind_of, reworded
from flows.domains.search.sets.wording import joined, say, templates
from flows.settings import Settings, Tasks
from flows.settings import Teacher as TeacherSettings
from flows.tasks.compose import run_tasks
from schemas import Task
from tests.doubles.sites.region_wiki import write_region_wiki
from tests.flows.domains.search.test_sets import COMPOSERS, wrong
from tests.flows.tasks.reading import rows
from warehouse.console.progress import silent
from warehouse.lake import Lake

DAY = date(2026, 1, 2)
KINDS = (
    *(
        "sets",
        "one_set",
        "greatest",
        "smallest",
        "count",
        "list",
        "union",
        "intersection",
        "mentions",
        "total",
        "table_pages",
        "table_keys",
    ),
    *("table_sum", "step_count", "step_nth", "step_more"),
)
LIMITS = ("at_least", "at_most", "between", "decade")


def sentences() -> list[str]:
    """Every sentence of the composers, each template with each way to state its facts."""
    found = []
    for seed in range(40):
        dice = Random(seed)
        kinds = ["set", "first_links", "set"]
        sets = [say(dice, kind, heading=f"List {n}", hub=f"Hub {n}") for n, kind in enumerate(kinds)]
        attribute = say(dice, dice.choice(["headings", "phrase", "pair", "date"]), shown="first named in")
        limits = say(dice, dice.choice(LIMITS), low="3.5", high="20", decade="1990")
        condition = f"{attribute} {limits}"
        each = [
            say(dice, "each", mark=mark, set=one, condition=condition) for mark, one in zip("abc", sets, strict=True)
        ]
        riddles = [say(dice, "described", mark=mark, words="“a”, “b” and “c”") for mark in "abc"]
        table = {"hub": "Hub 1", "heading": "List 1", "hub2": "Hub 2", "heading2": "List 2", "key": "Town"}
        table |= {"key2": "City", "column": "Visitors", "column2": "Year", "limits": limits}
        values = table | {"sets": joined(sets), "set": f"Look at {sets[0]}.", "attribute": attribute}
        gathered = [say(dice, "with_both", mark=mark, first="lamp", second="wick") for mark in "ab"]
        values |= {"condition": condition, "groups": joined(each), "pages": joined(riddles)}
        found += [
            template.format(**values | {"sets": joined(gathered if kind == "mentions" else sets)})
            for kind in KINDS
            for template in templates(kind)
        ]
    return found


def echoed(system: str, text: str) -> str:
    """The sentences as they were given, which is what a teacher without ideas replies."""
    return "\n".join(line for line in text.split("\n") if re.match(r"\d+\. ", line))


def question(*texts: str) -> Question:
    return Question(sentences=texts, truth=1.0, reads=(), again=lambda: 1.0)


def test_the_plain_sentences_keep_their_own_rules() -> None:
    """A rule that a plain sentence breaks would refuse every text of the teacher for it."""
    for text in sentences():
        assert kind_of(text)
        (one,) = named([text])
        kept = reworded(question(text), echoed).sentences[0]
        assert kept == filled(one.pattern, one.facts)
        assert re.findall("“[^”]*”", kept) == re.findall("“[^”]*”", text)
        assert re.findall(r"\d+", kept) == re.findall(r"\d+", text)


COUNT = (
    "Take together the pages that the outermost list items under the heading “Towns” of the page “Nevden” name; a page "
    "that is named twice counts once.",
    "How many of these pages fulfil this: the value of “Height” that the page states is at least 20?",
    "Answer with the number alone.",
)
GOOD = (
    "1. Start from {set1}, counting each page once.",
    "2. What is the number of them for which the {attribute1} {limits1}?",
)


def test_facts_survive_in_other_words() -> None:
    made = reworded(question(*COUNT), lambda *_: "<think>1. hm</think>\n" + "\n".join(GOOD)).sentences
    assert made == (
        "Start from the pages that the outermost list items under the heading “Towns” of the page “Nevden” name, "
        "counting each page once.",
        "What is the number of them for which the value of “Height” that the page states is at least 20?",
        "Answer with the number alone.",
    )


@pytest.mark.parametrize(
    ("reason", "old", "new"),
    [
        ("other_sentences", "2. ", ""),
        ("other_sentences", "1. Start", "Sure:\n1. Start"),
        ("lost_fact", "{limits1}", "is high"),
        ("added_fact", "them", "them and of {set1}"),
        ("added_fact", "them", "the 12 pages"),
        ("added_fact", "them", "the pages under “Rivers”"),
        ("order", "the {attribute1} {limits1}", "{limits1} the {attribute1}"),
        ("lost_rule", ", counting each page once", ""),
        ("lost_rule", "What is the number of them for", "Show me those for"),
        ("added_rule", "of them for which", "of them without"),
        ("added_rule", "of them", "of them, the sum,"),
        ("added_rule", "Start from", "Start from five pages of"),
        ("long", "Start from", "Start from " + "these pages that are here " * 30),
    ],
)
def test_a_text_that_loses_or_adds_something_is_refused(reason: str, old: str, new: str) -> None:
    """Its answer would be another than the stored one, and right attempts would be thrown away."""
    with pytest.raises(Refused, match=f"^reworded_{reason}$"):
        reworded(question(*COUNT), lambda *_: "\n".join(GOOD).replace(old, new))


def test_a_name_with_quotation_marks_stays_in_plain_words() -> None:
    """A model could change the part of such a name that looks like words around it."""
    with pytest.raises(Refused, match="reworded_odd_quotation"):
        reworded(question(COUNT[0].replace("Towns", "The “great” towns"), *COUNT[1:]), echoed)


def scripted(system: str, text: str) -> str:
    """Other words for the sentences that it has words for."""
    lines = echoed(system, text).split("\n")
    return "\n".join(map(_worded, lines))


def _worded(line: str) -> str:
    number, pattern = line.split(". ", 1)
    facts = re.findall(r"\{\w+\}", pattern)
    if pattern.startswith(("Take together", "Consider", "The question is")):
        return f"{number}. Your material is {' with '.join(facts)}; if one page occurs again, it still counts once."
    if len(facts) == 2 and "sum" not in pattern and "Step" not in pattern and "name" not in pattern.lower():
        start = "List those" if "List" in pattern else "Work out how many there are"
        return f"{number}. {start} for which the {' '.join(facts)}."
    return line


@contextmanager
def teacher(_: TeacherSettings, logs: Path) -> Iterator[Writer]:
    yield scripted


@contextmanager
def careless_teacher(_: TeacherSettings, logs: Path) -> Iterator[Writer]:
    yield lambda system, text: scripted(system, text).replace("{limits1}", "is large")


@pytest.mark.slow
@pytest.mark.parametrize("opened", [teacher, careless_teacher])
def test_a_night_has_reworded_questions_with_the_same_truth(
    tmp_path: Path, opened: Callable[[TeacherSettings, Path], object]
) -> None:
    """Words change, facts do not: a reader of the new words comes to the stored answer."""
    write_region_wiki(Lake(tmp_path / "lake"), DAY, 130)
    chosen = Tasks(per_night=6, composers=COMPOSERS, reworded=1.0, probes=["oracle", "shortcuts"])
    counts = run_tasks(Settings(home=tmp_path, tasks=chosen), DAY, silent, opened)  # type: ignore[arg-type]
    tasks = rows(tmp_path, Task)
    assert {task["prompt_sha256"] for task in tasks} == {PROMPT.sha256}
    assert {json.loads(task["difficulty"])["wording"] for task in tasks} == {"ok"}
    assert wrong(tmp_path) == []
    if opened is careless_teacher:
        assert int(counts["refused:reworded_lost_fact"]) > 0
        assert not any("is large" in task["instruction"] for task in tasks)
    else:
        assert any("Your material is" in task["instruction"] for task in tasks)
