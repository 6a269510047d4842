"""An instruction in the teacher's words, with every fact of it checked.

The teacher writes around the names of facts, such as {call1}, so it can change none of them. A text that
loses a fact, mixes two up or adds one is not used; the plain instruction stays then, and the task keeps the reason.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from flows.domains.contract import Writer
from flows.domains.engineering.composers.report import Reports
from flows.domains.engineering.measure.single import FILE
from schemas.prompt import prompt

PROMPT = prompt("reword_reports", "flows.domains.engineering")
LONGEST = 3
"""A text may be so many times as long as the plain one."""
NAME = re.compile(r"\{[^{}]*\}?|\}")
ITEM = re.compile(r"^\s*\d+[.)]\s+", re.MULTILINE)
WORD = re.compile(r"[^\s`,;:!?\"'()]+")
ODD = re.compile(r"[\d_/\\=<>\[\]@]|\w\.\w|\w\(")
"""Marks of a word that is a value, a path or code."""
SWAPPED = re.compile(
    r"\b(?:gives|returns?|yields|produces|get|gets|got|is now|shows)\W{0,3}\{expected"
    r"|\b(?:should (?:be|give|return)|expect(?:ed|s)?|right (?:result|value) is|instead of getting)\W{0,3}\{actual"
    r"|\bshould (?:raise|end with|fail with)\W{0,3}\{error|(?<!should )\b(?:fails|ends) with\W{0,3}\{missing_error",
    re.IGNORECASE,
)
"""Words that turn a fact into its opposite."""


def reworded(plain: Reports, write: Writer) -> tuple[Reports, str]:
    """The reports in the teacher's words and `ok`, or the plain ones and the reason why its text is not used.

    Raises TeacherError if the teacher fails.
    """
    reply = re.sub(r"<think>.*?(?:</think>|$)", "", write(PROMPT.text, facts(plain)), flags=re.DOTALL).strip()
    reply = reply.encode("utf-8", "replace").decode()
    opening, *problems = [" ".join(one.split()) for one in ITEM.split(reply)]
    made = replace(plain, opening=opening, problems=tuple(problems))
    reason = problem(plain, made)
    return (plain, reason) if reason else (made, "ok")


def facts(plain: Reports) -> str:
    """The reports as the teacher reads them: the sentences with names, then the text of each name."""
    items = [
        f"{number}. {text}\n" + "\n".join(f"   {{{name}}} is {fact}" for name, fact in own.items())
        for number, (text, own) in enumerate(zip(plain.problems, plain.facts, strict=True), 1)
    ]
    return "\n\n".join([plain.opening, *items])


def problem(plain: Reports, made: Reports) -> str | None:
    """The reason code if a text cannot be used, else None."""
    if len(made.problems) != len(plain.problems) or not made.opening:
        return "other_problems"
    pairs = list(zip(made.problems, plain.facts, strict=True))
    given = {word.rstrip(".") for text in (plain.opening, *plain.problems) for word in WORD.findall(text)}
    texts = (made.opening, *made.problems)
    checks = {
        "lost_name": plain.library.lower() not in made.opening.lower(),
        "lost_fact": any(f"{{{name}}}" not in text for text, own in pairs for name in own),
        "foreign_fact": bool(NAME.search(made.opening)) or any(set(_names(text)) - own.keys() for text, own in pairs),
        "swapped_fact": any(SWAPPED.search(text) for text in made.problems),
        "names_file": any(FILE.search(NAME.sub("", text)) for text in texts),
        "added_fact": any(word not in given for text in texts for word in _odd_words(text)),
        "long": sum(map(len, texts)) > LONGEST * sum(map(len, (plain.opening, *plain.problems))),
    }
    return next((reason for reason, failed in checks.items() if failed), None)


def _names(text: str) -> Iterator[str]:
    return (one.strip("{}") for one in NAME.findall(text))


def _odd_words(text: str) -> Iterator[str]:
    """Words beside the facts that look like a value, a path or code, and all words in a code span."""
    bare = NAME.sub(" ", text)
    yield from (word for span in re.findall(r"`([^`]*)`", bare) for word in WORD.findall(span))
    yield from (word.rstrip(".") for word in WORD.findall(bare) if ODD.search(word.rstrip(".")))
