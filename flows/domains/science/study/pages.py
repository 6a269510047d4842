"""Writes the library of a study: procedures, data sheets, compendia in two editions, corrections, rules, the index.

Pages are drawn from the seed of the study, so that a world is built again from a few numbers. What a step needs is
buried among sentences without use.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from flows.domains.science.study.filler import Filler
from flows.domains.science.study.parts import Edition, Part, Specimen, Study
from schemas.prompt import prompt

PACKAGE = "flows.domains.science"
RULES = "rules"


@dataclass(frozen=True)
class Page:
    """One page of the library."""

    address: str
    title: str
    text: str
    """Markdown; its first line is the title."""


def pages_of(study: Study, seed: int) -> dict[str, Page]:
    """All pages by address, in an order that says nothing."""
    dice = Random(f"pages {seed}")  # noqa: S311 (draws of a study)
    filler = Filler(dice)
    found = [_page(RULES, prompt("rules", PACKAGE).text), _index(study, filler)]
    for part in study.parts:
        found += _of_part(part, filler)
    dice.shuffle(found)
    return {one.address: one for one in found}


def address_of_edition(part: Part, edition: Edition) -> str:
    """The address of an edition of the part's compendium."""
    return f"compendia/{part.topic.name}-{edition.number}"


def _of_part(part: Part, filler: Filler) -> Iterator[Page]:
    yield _procedure(part, filler)
    yield from (_sheet(part, one, filler) for one in part.specimens)
    yield from (_compendium(part, one, filler) for one in (part.older, part.later))
    yield _correction(part, filler)


def _procedure(part: Part, filler: Filler) -> Page:
    topic, named = part.topic, part.precedence == "named"
    edition = f"Edition {part.older.number} of the compendium is to be used here." if named else filler.sentence()
    steps = [f"{at}. `{one.name}` [{one.unit}]: {one.text}." for at, one in enumerate(topic.steps, 1)]
    filled = _written(
        "procedure", procedure=part.procedure, title=topic.title, field=topic.field, material=topic.material,
        edition=edition, notes=topic.notes, steps="\n".join(steps), filler=filler.paragraphs(4),
        more=filler.paragraphs(1), last=filler.paragraphs(3),
    )  # fmt: skip
    return _page(f"procedures/{part.procedure}", filled)


def _sheet(part: Part, specimen: Specimen, filler: Filler) -> Page:
    lines = list[str]()
    for quantity in part.topic.quantities:
        if quantity.name in specimen.shown:
            lines.append(filler.statement(quantity.text, specimen.shown[quantity.name].text))
            if quantity.drawn and filler.dice.random() < 0.5:
                lines.append(filler.distraction(quantity))
    filler.dice.shuffle(lines)
    body = "\n\n".join(f"{filler.paragraph()} {line} {filler.paragraph()}" for line in lines)
    line = f"Its {part.topic.material} has the code {specimen.material}."
    text = _written("sheet", code=specimen.code, title=part.topic.title, material_line=line, body=body)
    return _page(f"specimens/{specimen.code}", text)


def _compendium(part: Part, edition: Edition, filler: Filler) -> Page:
    head = ["code", *(one.text for one in part.table)]
    rows = [[code, *(row[one.name].text for one in part.table)] for code, row in sorted(edition.rows.items())]
    text = _written(
        "compendium", material=part.topic.material, title=part.topic.title, number=edition.number, year=edition.year,
        table=table([head, *rows]), filler=filler.paragraphs(3), last=filler.paragraphs(2),
    )  # fmt: skip
    return _page(address_of_edition(part, edition), text)


def _correction(part: Part, filler: Filler) -> Page:
    """The note that corrects the chosen specimen's material, or one on a material that no specimen has."""
    code, values = part.chosen.material, part.correction
    if not values:
        used = {one.material for one in part.specimens}
        code = filler.dice.choice([one for one in sorted(part.later.rows) if one not in used])
        values = part.older.rows[code]
    listed = "; ".join(f"{one.text} {values[one.name].text}" for one in part.table)
    text = _written(
        "correction", material=part.topic.material, title=part.topic.title, code=code, values=listed,
        filler=filler.paragraphs(2), last=filler.paragraphs(1),
    )  # fmt: skip
    return _page(f"corrections/{part.topic.name}", text)


def _index(study: Study, filler: Filler) -> Page:
    rows = [
        [part.procedure, f"{term.weight:g}", f"{term.level:.10g}"]
        for part, term in zip(study.parts, study.terms, strict=True)
    ]
    filler.dice.shuffle(rows)
    shown = table([["procedure", "weight", "reference level"], *rows])
    text = _written("index", code=study.code, table=shown, filler=filler.paragraphs(3), last=filler.paragraphs(3))
    return _page(f"indices/{study.code}", text)


def table(rows: list[list[str]]) -> str:
    """Rows as a table of Markdown; the first is its head."""
    head, *body = (f"| {' | '.join(one)} |" for one in rows)
    return "\n".join([head, f"|{'---|' * len(rows[0])}", *body])


def _written(name: str, **given: object) -> str:
    return prompt(name, PACKAGE).text.format(**given)


def _page(address: str, text: str) -> Page:
    return Page(address, text.partition("\n")[0].removeprefix("# "), text)
