"""Makes a brief of documents: rules are drawn and printed, constraints drawn and proven, and a draft written."""

import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from flows.domains.contract import Draft, Refused
from flows.domains.instruction_following.composing.plain import plain_deliveries
from flows.domains.instruction_following.composing.prove import compatible, prove, prove_facts, unmet
from flows.domains.instruction_following.families import FAMILIES, Constraint
from flows.domains.instruction_following.families.family import Case
from flows.domains.instruction_following.families.shape import SKELETON
from flows.domains.instruction_following.rules.book import Book
from flows.domains.instruction_following.rules.rule import Reader
from flows.domains.instruction_following.texts.document import Document
from flows.domains.instruction_following.verifiers import ALL_SATISFIED, verifier_name
from flows.domains.instruction_following.world.environment import PACKAGE, pages
from schemas.prompt import prompt
from schemas.task import Hop

FEWEST, MOST = 6, 12
"""Constraints of a task."""
MUST_READ = 4
"""Constraints that cannot be satisfied without reading, at least."""
RESERVED = 3
"""Sections of a document that carry added paragraphs, at most; a third of them if it has few."""
YEARS = 2026, 2029
"""Years of the dates of texts. Days have two digits, so that no rule has to say if a zero is written."""
SPARE_TURNS = 30
SNIPPET_CHARS = 60


def brief(seed: int, number: int, documents: list[Document], created_at: datetime) -> Draft:
    """A task from documents, which get the rules. Raises Refused."""
    draws = Random(seed)  # noqa: S311 - nothing secret
    for document in documents:
        n_reserved = min(RESERVED, len(document.sections) // 3)
        for one in draws.sample(document.sections, n_reserved):
            one.reserved = True
    case, audience = _case(draws, documents)
    constraints = _constraints(case)
    case.book.rules = [one for one in case.book.rules if one.topic in {"precedence", *_topics(constraints)}]
    case.book.print_into(documents)
    return _draft(case, audience, constraints, number, created_at)


@cache
def _wording() -> Mapping[str, list[str]]:
    return tomllib.loads(files(__package__).joinpath("wording.toml").read_text("utf-8"))


def _case(draws: Random, documents: list[Document]) -> tuple[Case, str]:
    audience, *others = draws.sample(_wording()["audiences"], 5)
    day = date(draws.randint(*YEARS), draws.randint(1, 12), draws.randint(10, 28))
    names = {kind: draws.choice(_wording()[f"{kind}s"]) for kind in ("register", "notice")}
    names["records"] = draws.choice(_wording()["records"])
    book = Book(draws, Reader(audience, day), others)
    return Case(draws, documents, book, draws.choice(_wording()["reports"]), names=names), audience


def _constraints(case: Case) -> list[Constraint]:
    """The constraints that hold together and that no plain text satisfies. Raises Refused if they are too few."""
    families = case.draws.sample(list(FAMILIES.values()), len(FAMILIES))
    skeletons = [found for one in families if one.group == SKELETON for found in _drawn(case, one.name)]
    if not skeletons:
        raise Refused("no_skeleton")
    wanted = case.draws.randint(FEWEST + 1, MOST)
    chosen = skeletons[-1:]
    for family in (one for one in families if one.group != SKELETON):
        if len(chosen) < wanted:
            chosen += _drawn(case, family.name)
    chosen = compatible(case.report, chosen)
    texts = {one.name: one.text() for one in case.documents}
    kept = compatible(case.report, unmet(chosen, plain_deliveries("", texts, _file_names(case))))
    if len(kept) < FEWEST or sum(one.must_read for one in kept) < MUST_READ:
        raise Refused("few_constraints")
    if FAMILIES[kept[0].family].group != SKELETON:
        raise Refused("no_skeleton")
    return kept


def _drawn(case: Case, name: str) -> list[Constraint]:
    found = FAMILIES[name].draw(case)
    return [found] if found else []


def _draft(case: Case, audience: str, constraints: list[Constraint], number: int, created_at: datetime) -> Draft:
    documents = case.documents
    texts = {one.name: one.text() for one in documents}
    instruction = _instruction(case, audience, constraints)
    prove_facts(constraints, texts)
    if unmet(constraints, plain_deliveries(instruction, texts, _file_names(case))) != constraints:
        raise Refused("vacuous")
    delivery = prove(case.report, constraints, case.draws)
    n_pages = sum(len(pages(text)) for text in texts.values())
    shown = [{"name": one.name, "title": one.title, "text": texts[one.name], "url": one.url} for one in documents]
    goal = {"constraints": [{"family": one.family, "goal": one.goal} for one in constraints]}
    oracle = {
        "files": dict(delivery.files), "message": delivery.message, "evidence": list(_evidence(case, constraints)),
    }  # fmt: skip
    return Draft(
        instruction,
        None,
        created_at,
        evidence=[one.doc_id for one in documents if one.doc_id],
        path=[Hop(doc_id=one.doc_id, url=one.url, anchor=None) for one in documents if one.doc_id and one.url],
        difficulty=_difficulty(case, constraints, number, n_pages),
        setup=json.dumps({"documents": shown}, ensure_ascii=False),
        goal=json.dumps(goal, ensure_ascii=False),
        oracle=json.dumps(oracle, ensure_ascii=False),
        answer_form="files",
        verifiers=(ALL_SATISFIED, *(verifier_name(one.family) for one in constraints)),
        max_turns=2 * n_pages + SPARE_TURNS,
        licenses=[one.license for one in documents if one.license],
    )


def _instruction(case: Case, audience: str, constraints: Sequence[Constraint]) -> str:
    draws, wording = case.draws, _wording()
    mark = draws.choice(wording["marks"])
    said = [one.said for one in constraints if one.said]
    day = case.book.reader.day
    values: dict[str, Any] = {
        "report": case.report, "audience": audience, "day": f"{day.day} {day:%B %Y}",
        "names": ", ".join(one.name for one in case.documents),
    }  # fmt: skip
    intro = draws.choice(wording["intros"]).format(**values)
    return prompt("instruction", PACKAGE).text.strip().format(
        intro=intro[:1].upper() + intro[1:],
        binding=draws.choice(wording["bindings"]),
        report=case.report,
        opener=draws.choice(wording["openers"]),
        requirements="\n".join(f"{mark}{one}" for one in draws.sample(said, len(said))),
    )  # fmt: skip


def _difficulty(case: Case, constraints: Sequence[Constraint], number: int, n_pages: int) -> dict[str, object]:
    return {
        "number": number,
        "families": sorted(one.family for one in constraints),
        "n_constraints": len(constraints),
        "n_must_read": sum(one.must_read for one in constraints),
        "n_rules": len(case.book.rules),
        "n_documents": len(case.documents),
        "n_pages": n_pages,
    }


def _evidence(case: Case, constraints: Sequence[Constraint]) -> Iterator[tuple[str, str]]:
    """(document, text of it) that has to be read: rules that are in force or compared, and sections with facts."""
    for document in case.documents:
        for one in document.sections:
            yield from ((document.name, added) for added in one.added)
    sections = {(one.name, part.heading): part for one in case.documents for part in reversed(one.sections)}
    for fact in (fact for one in constraints for fact in one.facts):
        part = sections.get((fact.document, str(fact.arguments[0]) if fact.arguments else ""))
        last = next(one for one in case.documents if one.name == fact.document).sections[-1]
        yield fact.document, part.body[:SNIPPET_CHARS] if part else f"## {last.heading}"


def _topics(constraints: Sequence[Constraint]) -> set[str]:
    return {topic for one in constraints for topic in one.topics}


def _file_names(case: Case) -> list[str]:
    return [case.report, *case.names.values()]
