"""Constraints on the files beside the report: a register as CSV, records as JSON, and a notice in some language."""

import csv
import io
import json
import re
from random import Random
from typing import Any

from flows.domains.instruction_following.families.delivery import Delivery, words
from flows.domains.instruction_following.families.family import (
    Case,
    Constraint,
    Family,
    Given,
    Goal,
    overruled,
    replaced,
    ruled,
)
from flows.domains.instruction_following.families.languages import language_of, languages
from flows.domains.instruction_following.families.outline import Outline
from flows.domains.instruction_following.texts.document import Section

CELL = re.compile(r"[A-Za-z0-9][\w .()+-]{0,40}")
KEYS = (
    ("name", "sections", "longest"),
    ("document", "n_sections", "longest_heading"),
    ("doc", "parts", "title_max"),
    ("source", "count", "heading"),
)
NOTICE_WORDS = 30
OPENINGS = (
    "No. {n} / to all concerned", "Ref {n}: for the board", "*{n}* House notice", "Sheet {n} - read and pass on",
    "{n}. From the writing desk", "Attention {n}",
)  # fmt: skip
LATIN = ("German", "French", "Spanish", "Italian", "Dutch", "Portuguese")


def _draw_register(case: Case) -> Constraint | None:
    place = case.readable(_has_table)
    if place is None:
        return None
    document, section = place
    found = case.fact(document, "table", section.heading)
    (names, *rows), key = found.value, case.draws.randrange(len(found.value[0]))
    kept = [key, *case.draws.sample([one for one in range(len(names)) if one != key], 1)]
    case.draws.shuffle(kept)
    if len({row[key].lower() for row in rows}) < len(rows):
        return None
    back, numeric = case.draws.random() < 0.5, all(row[key].isdecimal() for row in rows)
    ordered = sorted(rows, key=lambda row: (int(row[key]) if numeric else 0, row[key].lower()), reverse=back)
    wanted = [[names[one] for one in kept], *([row[one] for one in kept] for row in ordered)]
    way = ("the highest first" if back else "the lowest first") if numeric else ("Z to A" if back else "A to Z")
    said = case.say(
        "register", file=case.names["register"], doc=document.name, heading=section.heading,
        columns=" and ".join(f"`{one}`" for one in wanted[0]), key=names[key], order=way,
    )  # fmt: skip
    return Constraint("register", {"file": case.names["register"], "rows": wanted}, said, (found,))


def _has_table(section: Section) -> bool:
    lines = [line for line in section.body.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    if not 5 <= len(lines) <= 14 or len({len(row) for row in cells}) != 1 or len(cells[0]) < 2:
        return False
    names, line, *rows = cells
    if not all(re.fullmatch(r":?-+:?", one) for one in line) or len(set(names)) < len(names):
        return False
    return all(CELL.fullmatch(cell) and cell == " ".join(cell.split()) for row in (names, *rows) for cell in row)


def _registers(delivery: Delivery, goal: Given) -> bool:
    text = delivery.files.get(goal["file"], "")
    try:
        found = [[cell.strip() for cell in row] for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error:
        return False
    return bool(found == goal["rows"])


def _write_register(outline: Outline, goal: Given) -> None:
    outline.files[goal["file"]] = "".join(f"{','.join(row)}\n" for row in goal["rows"])


def _unsorted(goal: Given, draws: Random) -> Goal:
    names, first, second, *others = goal["rows"]
    return replaced(goal, rows=[names, second, first, *others])


def _draw_records(case: Case) -> Constraint | None:
    facts = [case.fact(one, kind) for one in case.documents for kind in ("section_count", "longest_heading")]
    titles = [len(found) for one in case.documents for found in [max(one.headings(), key=len)]]
    longest = [
        [len(one) for one in document.headings()].count(n) for document, n in zip(case.documents, titles, strict=True)
    ]
    if set(longest) != {1}:
        return None
    decided = ruled(case, "records", KEYS, file=case.names["records"])
    names = [one.name for one in case.documents]
    values = [[name, facts[2 * at].value, facts[2 * at + 1].value] for at, name in enumerate(names)]
    goal = {"file": case.names["records"], "keys": decided.goal["value"], "overruled": decided.goal["overruled"]}
    return Constraint("records", {**goal, "values": values}, decided.said, tuple(facts), decided.topics)


def _rows(goal: Given) -> list[dict[str, Any]]:
    return [dict(zip(goal["keys"], row, strict=True)) for row in goal["values"]]


def _records(delivery: Delivery, goal: Given) -> bool:
    try:
        found = json.loads(delivery.files.get(goal["file"], ""))
    except (ValueError, RecursionError):
        return False
    return bool(found == _rows(goal)) and not _has_flags(found)


def _has_flags(rows: list[dict[str, Any]]) -> bool:
    """True if a number is written as true or as 1.0, which Python takes for 1."""
    return any(isinstance(value, bool | float) for row in rows for value in row.values())


def _write_records(outline: Outline, goal: Given) -> None:
    outline.files[goal["file"]] = json.dumps(_rows(goal), ensure_ascii=False, indent=1)


def _other_keys(goal: Given, draws: Random) -> Goal:
    return replaced(goal, keys=goal["overruled"])


def _draw_language(case: Case) -> Constraint:
    return ruled(case, "notice_language", LATIN, file=case.names["notice"], least=NOTICE_WORDS)


def _in_language(delivery: Delivery, goal: Given) -> bool:
    lines = delivery.files.get(goal["file"], "").strip().splitlines()
    text = "\n".join(lines[1:])
    return bool(len(words(text)) >= goal["least"] and language_of(text) == goal["value"])


def _write_language(outline: Outline, goal: Given) -> None:
    first = outline.files.get(goal["file"], "Notice\n")
    outline.files[goal["file"]] = f"{first}\n{' '.join(languages()[goal['value']]['sentences'])}\n"


def _draw_opening(case: Case) -> Constraint:
    phrases = [one.format(n=case.draws.randint(11, 999)) for one in OPENINGS]
    return ruled(case, "notice_opening", phrases, file=case.names["notice"])


def _opens(delivery: Delivery, goal: Given) -> bool:
    return delivery.files.get(goal["file"], "").strip().splitlines()[:1] == [goal["value"]]


def _write_opening(outline: Outline, goal: Given) -> None:
    outline.files[goal["file"]] = f"{goal['value']}\n"


EXTRA_FILES = (
    Family("register", _draw_register, _registers, _write_register, _unsorted),
    Family("records", _draw_records, _records, _write_records, _other_keys),
    Family("notice_opening", _draw_opening, _opens, _write_opening, overruled, 2),
    Family("notice_language", _draw_language, _in_language, _write_language, overruled, 3),
)
