"""The written composer: the teacher puts a chain into one question with its names obscured.

The answer was fixed before and is never the teacher's to choose; what comes back is checked against the
stored chain, and a question that gives the answer or a page's name away is refused with its reason.
"""

import re
from collections.abc import Callable

from flows.domains.search.composers.cloze import Chain, Refused
from flows.domains.search.composers.sentences import reveals
from schemas.prompt import prompt
from sources.index.passage_splitter import normalised

VERSION = "1"
PROMPT = "compose_written"
LEAST_WORDS, MOST_WORDS = 8, 120
COPIED_WORDS = 10
"""So many words in a row as in a quotation are a copy."""

Writer = Callable[[str, str], str]
"""(system prompt, user text) -> what the teacher wrote."""


def instruction(chain: Chain, writer: Writer) -> str:
    """The teacher's question; raises Refused with what was wrong with it."""
    question = _question(writer(prompt(PROMPT).text, facts(chain)))
    refusal = fault(question, chain)
    if refusal:
        raise Refused(refusal)
    return question


def facts(chain: Chain) -> str:
    """The chain as the teacher is told of it."""
    lines = [
        f'Page {i}: {step.title}\nIt says: "{quotation.replace("[title]", step.title)}"'
        for i, (step, quotation) in enumerate(zip(chain.walk.steps, chain.quotations, strict=True), 1)
    ]
    return "\n\n".join([*lines, f"The answer: {chain.answer}"])


def fault(question: str, chain: Chain) -> str | None:
    """The reason code of what is wrong with a question; None when it can be asked."""
    n_words = len(question.split())
    checks = {
        "written_empty": n_words == 0,
        "written_length": not LEAST_WORDS <= n_words <= MOST_WORDS,
        "written_not_one_question": question.count("?") != 1 or not question.endswith("?"),
        "written_blank": "__" in question or "[title]" in question,
        "written_tells_answer": reveals(question, chain.answer),
        "written_names_page": any(_names(question, step.names) for step in chain.walk.steps),
        "written_copies": any(_copies(question, quotation) for quotation in chain.quotations),
    }
    return next((reason for reason, wrong in checks.items() if wrong), None)


def _question(said: str) -> str:
    said = re.sub(r"<think>.*?(?:</think>|$)", "", said, flags=re.DOTALL)
    said = re.sub(r"^\W*question\s*:\W*", "", " ".join(said.split()), flags=re.IGNORECASE)
    return said.strip().strip("\"“”'*").strip().encode("utf-8", "replace").decode()


def _names(question: str, names: tuple[str, ...]) -> bool:
    return f" {' '.join(names)} " in f" {normalised(question)} "


def _copies(question: str, quotation: str) -> bool:
    words, asked = normalised(quotation).split(), f" {normalised(question)} "
    runs = (words[i : i + COPIED_WORDS] for i in range(len(words) - COPIED_WORDS + 1))
    return any(f" {' '.join(run)} " in asked for run in runs)
