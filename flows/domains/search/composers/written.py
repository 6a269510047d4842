"""The written composer: the teacher turns a chain of quotations into one question without page titles.

The answer is fixed beforehand and the teacher cannot change it. Its question is checked against the stored chain and
refused with a reason code if it reveals the answer or names a page.
"""

import re

from flows.domains.contract import Composer, Draft, Refused, Writer
from flows.domains.search.composers.candidates import WalkCandidate, walk_candidates
from flows.domains.search.composers.chain import Chain
from flows.domains.search.composers.sentences import reveals
from schemas.prompt import prompt
from sources.index.scripts import UNSPACED_LETTER, lowercase_words, word_count

PROMPT = prompt("compose_written", "flows.domains.search")
MIN_WORDS, MAX_WORDS = 8, 120
COPIED_WORDS, COPIED_LETTERS = 10, 20
"""A run of so many words, or letters of a script without spaces, that a quotation also has is a copy."""
MARKS = re.compile("[?？؟;՞]")
"""Question marks of all scripts; Greek has the semicolon."""


def compose(candidate: WalkCandidate, write: Writer) -> Draft:
    """A draft in the teacher's words; raises Refused with the reason why the question cannot be used."""
    chain = candidate.chain()
    question = _question(write(PROMPT.text, facts(chain)))
    refusal = refusal_reason(question, chain)
    if refusal:
        raise Refused(refusal)
    return candidate.draft(chain, question)


def facts(chain: Chain) -> str:
    """The chain as the teacher reads it: each page's title and quotation, then the answer."""
    lines = [
        f'Page {i}: {step.title}\nIt says: "{quotation.replace("[title]", step.title)}"'
        for i, (step, quotation) in enumerate(zip(chain.walk.steps, chain.quotations, strict=True), 1)
    ]
    return "\n\n".join([*lines, f"The answer: {chain.answer}"])


def refusal_reason(question: str, chain: Chain) -> str | None:
    """The reason code if a question cannot be used, else None."""
    n_words = word_count(question)
    checks = {
        "written_empty": n_words == 0,
        "written_length": not MIN_WORDS <= n_words <= MAX_WORDS,
        "written_not_one_question": len(MARKS.findall(question)) != 1 or not MARKS.match(question[-1:]),
        "written_blank": "__" in question or "[title]" in question,
        "written_tells_answer": reveals(question, chain.answer),
        "written_names_page": any(_names(question, step.names) for step in chain.walk.steps),
        "written_copies": any(_copies(question, quotation) for quotation in chain.quotations),
    }
    return next((reason for reason, failed in checks.items() if failed), None)


def _question(reply: str) -> str:
    reply = re.sub(r"<think>.*?(?:</think>|$)", "", reply, flags=re.DOTALL)
    reply = re.sub(r"^\W*question\s*:\W*", "", " ".join(reply.split()), flags=re.IGNORECASE)
    return reply.strip().strip("\"“”'*").strip().encode("utf-8", "replace").decode()


def _names(question: str, names: tuple[str, ...]) -> bool:
    return f" {lowercase_words(' '.join(names))} " in f" {lowercase_words(question)} "


def _copies(question: str, quotation: str) -> bool:
    words, text = lowercase_words(quotation).split(), f" {lowercase_words(question)} "
    length = COPIED_LETTERS if UNSPACED_LETTER.search(quotation) else COPIED_WORDS
    runs = (words[i : i + length] for i in range(len(words) - length + 1))
    return any(f" {' '.join(run)} " in text for run in runs)


WRITTEN = Composer("written", "1", walk_candidates, compose, PROMPT)
