"""Joins of tables: of two tables on different pages by a shared column, or of a table with the pages that it names.

Only tables that occur alone under their heading are joined, by columns whose cells are all different.
"""

from collections.abc import Callable, Sequence

from flows.domains.contract import Refused
from flows.domains.search.sets.conditions import draw_bounds
from flows.domains.search.sets.draws import Draw, windows_of
from flows.domains.search.sets.graph import Attribute, Page, Rows, Table
from flows.domains.search.sets.naming import folded
from flows.domains.search.sets.question import Question, Truth
from flows.domains.search.sets.recount import bare, rows_of, value_of
from flows.domains.search.sets.wording import say, say_attribute

LEAST_JOINED = 5


def table_join(draw: Draw) -> Question:
    """A sum over joined rows that a band of numbers selects. Raises Refused where no tables can be joined."""
    known = draw.graph.keyed
    if not known:
        raise Refused("no_tables")
    first = draw.dice.choice(known)
    return _with_pages(draw, first) if first.pages else _with_table(draw, first, known)


def _with_pages(draw: Draw, rows: Rows) -> Question:
    attribute = draw.quantity(rows.pages.values())

    def within(low: float, high: float) -> list[Page]:
        named = (rows.pages[key] for key, value in rows.numbers.items() if low <= value <= high)
        return list(dict.fromkeys(named))

    low, high, limits = draw_bounds(
        draw.dice,
        sorted(rows.numbers.values()),
        fits=lambda low, high: windows_of(within(low, high)) in draw.reads,
    )
    chosen = within(low, high)
    place = _place(rows.table)

    def again() -> Truth:
        pages = {rows.pages[key] for key, value in _numbers(rows).items() if low <= value <= high}
        return sum(value_of(attribute, page) for page in pages)

    sentences = (
        say(draw.dice, "table_pages", **place, key=rows.key, column=rows.column, limits=limits),
        say(draw.dice, "total", attribute=say_attribute(draw.dice, attribute)),
        say(draw.dice, "number"),
    )
    truth = sum(attribute.values[page.doc_id] for page in chosen)
    return _question(sentences, truth, chosen, again, [rows], (attribute,))


def _with_table(draw: Draw, first: Rows, known: Sequence[Rows]) -> Question:
    stated = [one for one in known if one.table.page == first.table.page]
    others = [
        one
        for one in known
        if one.table.page != first.table.page
        and (shared := _shared(first, one))
        and not any(_states(own, one, shared) for own in stated)
    ]
    if not others:
        raise Refused("no_second_table")
    second = draw.dice.choice(others)
    shared = _shared(first, second)
    low, high, limits = draw_bounds(draw.dice, sorted(first.numbers[key] for key in shared))

    def again() -> Truth:
        one, other = _numbers(first), _numbers(second)
        return sum(other[key] for key, value in one.items() if key in other and low <= value <= high)

    here, there = _place(first.table), _place(second.table)
    sentences = (
        say(
            draw.dice,
            "table_keys",
            **here,
            key=first.key,
            hub2=there["hub"],
            heading2=there["heading"],
            key2=second.key,
        ),
        say(draw.dice, "table_sum", column=first.column, limits=limits, column2=second.column),
        say(draw.dice, "number"),
    )
    truth = sum(second.numbers[key] for key in shared if low <= first.numbers[key] <= high)
    return _question(sentences, truth, [], again, [first, second], ())


def _question(  # noqa: PLR0913, PLR0917 (the parts of a question)
    sentences: Sequence[str],
    truth: float,
    pages: Sequence[Page],
    again: Callable[[], Truth],
    joined: Sequence[Rows],
    attributes: tuple[Attribute, ...],
) -> Question:
    tables = tuple(dict.fromkeys(one.table.page for one in joined))
    return Question(
        sentences=tuple(sentences), truth=truth, reads=(*tables, *pages), again=again,
        hubs=tables, clauses=tuple(f"{one.table.heading} {one.table.page.name}" for one in joined),
        attributes=attributes, asked=tuple(pages),
        line=("table_join", *(one.label for one in attributes), *map(_line_of, joined)),
    )  # fmt: skip


def _line_of(rows: Rows) -> str:
    return f"{rows.table.page.url}#{rows.table.heading}#{rows.column}"


def _shared(first: Rows, second: Rows) -> list[str]:
    shared = [key for key in first.numbers if key in second.numbers]
    return shared if len(shared) >= LEAST_JOINED else []


def _states(own: Rows, other: Rows, keys: Sequence[str]) -> bool:
    """True if a table of the first page has the same numbers, so that the second page need not be read."""
    return all(own.numbers.get(key) == other.numbers[key] for key in keys)


def _place(table: Table) -> dict[str, str]:
    return {"hub": table.page.name, "heading": table.heading}


def _numbers(rows: Rows) -> dict[str, float]:
    """Key -> number of a table, from the text of its page. Raises LookupError."""
    read = rows_of(rows.table.page, rows.table.heading)
    try:
        found = {folded(bare(row[rows.key])): float(bare(row[rows.column]).split()[0].replace(",", "")) for row in read}
    except (KeyError, IndexError, ValueError) as error:
        raise LookupError(f"the table {rows.table.heading!r} reads otherwise: {error!r}") from error
    return found
