"""The list of attempts as its address describes it: filters, text to search for, order, and page.

Whatever an address holds becomes a parameter of a query, or is ignored.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from urllib.parse import urlencode

from flows.view.reading import Reader, Row
from warehouse.connect import query

PAGE_ROWS = 50
CHOICES = ("domain", "fate", "reason", "status", "night")
SORTS = ("started", "tokens", "turns", "calls")
PLACES = {"answers": "question, truth, answer", "turns": "every turn"}


@dataclass(frozen=True)
class Filters:
    """The state of the list; every field is a parameter of its address."""

    domain: str = ""
    fate: str = ""
    reason: str = ""
    status: str = ""
    night: str = ""
    text: str = ""
    place: str = "answers"
    sort: str = "started"
    order: str = "down"
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> "Filters":
        """The filters of an address's parameters; unknown names and values give the default."""
        known = {name: query[name] for name in (*CHOICES, "text") if query.get(name)}
        if query.get("place") in PLACES:
            known["place"] = query["place"]
        if query.get("sort") in SORTS:
            known["sort"] = query["sort"]
        page = query.get("page", "")
        number = int(page) if page.isdecimal() and len(page) < 8 else 1
        return cls(**known, order="up" if query.get("order") == "up" else "down", page=max(number, 1))

    def address(self, **changes: str | int) -> str:
        """The address of the list with these changes; a change of anything but the page leads to the first one."""
        changed = replace(self, **{"page": 1} | changes)  # type: ignore[arg-type]  # names and types of the fields
        usual = asdict(Filters())
        values = {name: value for name, value in asdict(changed).items() if value != usual[name]}
        return f"/?{urlencode(values)}" if values else "/"

    def sorted_by(self, name: str) -> str:
        """The address of the list sorted by a column: largest first, or in the other direction if it is already."""
        return self.address(sort=name, order="up" if (self.sort, self.order) == (name, "down") else "down")


@dataclass(frozen=True)
class Listing:
    """One page of the list, the number of all rows, and the values of each filter with their counts."""

    rows: list[Row]
    total: int
    choices: dict[str, list[Row]]

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.total // PAGE_ROWS))


def listing(reader: Reader, filters: Filters) -> Listing:
    """Read one page of the list."""
    found: list[str] = []
    if filters.text:
        searching = query("view", "found_in_turns" if filters.place == "turns" else "found_in_answers")
        found = [row["trajectory_id"] for row in reader.rows(searching, words=filters.text)]
    rows = reader.rows(
        query("view", "listed_attempts"),
        **{name: getattr(filters, name) for name in CHOICES},
        limited=reader.limited,
        searched=bool(filters.text),
        found=found,
        sort=filters.sort,
        direction=1 if filters.order == "up" else -1,
        size=PAGE_ROWS,
        first=(filters.page - 1) * PAGE_ROWS,
    )
    choices: dict[str, list[Row]] = {name: [] for name in CHOICES}
    for row in reader.rows(query("view", "filter_values"), limited=reader.limited):
        choices[row["filter"]].append(row)
    return Listing(rows, rows[0]["total"] if rows else 0, choices)
