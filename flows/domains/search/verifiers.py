"""Verifiers of the search domain: pure functions from a finished trajectory to a judgement.

They read the rows of task, trajectory and turns only, so that the same rows always get the same verdict. A verdict is
a fact; refine decides what follows from it.
"""

import re
import unicodedata
from collections.abc import Callable

from flows.domains.contract import Finished, Judgement, Verifier
from flows.environments.tool import CONTENT_KINDS
from sources.index.scripts import UNSPACED_LETTER

ARTICLES = re.compile(r"\b(?:a|an|the)\b")
JOINTS = re.compile(r"(?<=\w)[(\[{=._:/\\]+(?=\w)")
"""Characters that join two words to one name or piece of code."""
KOREAN_UNIT = re.compile(r"(?<=\d)(?=[\uac00-\ud7af])")
"""The place between a number and the unit that Korean writes together with it."""
JOINED = "\u01c0"
"""A letter in place of a joint, so that normalising keeps the joined words one word."""
FRAMING = frozenset(
    re.findall(
        r"\w+",
        "answer final is was are were be it its he she they i we think believe would say that this here so thus "
        "because as by of in on at to for from with and or according which called named word blank question",
    )
)
"""Words that may surround an answer."""
MAX_NEW_WORDS, MAX_FRAMING = 2, 8
"""New and framing words allowed beside the ground truth; a longer answer is a sentence where a name was asked for."""


def normalise_answer(text: str) -> str:
    """The form in which answers are compared: NFKC, casefolded, no punctuation, no articles, single spaces.

    The rules are those of SQuAD's evaluation (Rajpurkar et al. 2016), for all scripts: digits of all scripts are
    equal, and each letter of a script without spaces is a word, as is a unit that Korean joins to its number.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    spaced = "".join(_digit(c) if c.isalnum() or unicodedata.category(c).startswith("M") else " " for c in folded)
    if not spaced.isascii():
        spaced = KOREAN_UNIT.sub(" ", UNSPACED_LETTER.sub(r" \g<0> ", spaced))
    return " ".join(ARTICLES.sub(" ", spaced).split())


def _digit(character: str) -> str:
    return str(unicodedata.decimal(character)) if character.isdecimal() else character


def exact_match(attempt: Finished) -> Judgement:
    """Passes if the answer equals the ground truth, both normalised."""
    return _compare(attempt, lambda truth, answer: normalise_answer(truth) == normalise_answer(answer))


def contains_answer(attempt: Finished) -> Judgement:
    """Passes if the answer is the ground truth with few words around it, where the form of the truth is a text.

    Either both are equal when normalised; or the truth occurs in the answer as whole words (not as part of a name or
    of code, as `file` in `open(file)`), with at most MAX_NEW_WORDS new and MAX_FRAMING framing words. A sentence that
    holds the truth is `too_long`. Truths of other forms have verifiers of their own: `other_form`.
    """
    if (attempt.task.answer_form or "text") != "text":
        return Judgement("other_form")
    compared = _compare(attempt, _states)
    if compared.reason == "other_answer" and _compare(attempt, _holds).passed:
        return Judgement("too_long", 0.0)
    return compared


def _states(truth: str, answer: str) -> bool:
    if normalise_answer(truth) == normalise_answer(answer):
        return True
    own = normalise_answer(truth).split()
    around = [word for word in normalise_answer(answer).split() if word not in own]
    new = [word for word in around if word not in FRAMING]
    return _holds(truth, answer) and len(new) <= MAX_NEW_WORDS and len(around) <= MAX_FRAMING


def _holds(truth: str, answer: str) -> bool:
    needle, haystack = (normalise_answer(JOINTS.sub(JOINED, text)) for text in (truth, answer))
    return f" {needle} " in f" {haystack} "


def evidence_consulted(attempt: Finished) -> Judgement:
    """Passes if every page of evidence was opened, or a passage of it displayed. The score is the share of pages."""
    wanted = {hop.url for hop in attempt.task.path if hop.doc_id in attempt.task.evidence}
    if not wanted:
        return Judgement("no_evidence")
    seen = {turn.url for turn in attempt.turns if turn.role == "tool" and turn.kind in CONTENT_KINDS}
    share = len(wanted & seen) / len(wanted)
    return Judgement("ok" if share == 1 else "not_consulted", share)


def _compare(attempt: Finished, matches: Callable[[str, str], bool]) -> Judgement:
    truth, answer = attempt.task.answer or "", attempt.trajectory.answer
    if not normalise_answer(truth):
        return Judgement("no_truth")
    if answer is None:
        return Judgement("no_answer", 0.0)
    matched = matches(truth, answer)
    return Judgement("ok" if matched else "other_answer", float(matched))


EXACT_MATCH = Verifier("exact_match", "3", exact_match)
CONTAINS_ANSWER = Verifier("contains_answer", "4", contains_answer)
EVIDENCE_CONSULTED = Verifier("evidence_consulted", "2", evidence_consulted)
