"""Solves composed questions by their words alone, from the pages of the lake: no code of the composers is used.

It parses the sentences of an instruction, reads page texts line by line, and gives the answer that a careful reader
gets. A template that it does not know is an error, so that no question is left out in silence.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from warehouse.connect import connect
from warehouse.lake import Lake

SET = re.compile(
    r"heading “(?P<h1>[^”]+)” of the page “(?P<p1>[^”]+)” name"
    r"|stand under “(?P<h2>[^”]+)” on the page “(?P<p2>[^”]+)”"
    r"|the page “(?P<p3>[^”]+)” names in the items of its lists under “(?P<h3>[^”]+)”"
    r"|first link of each [^“]*?(?:heading|under) “(?P<h4>[^”]+)” (?:of|on) the page “(?P<p4>[^”]+)” leads"
)
ATTRIBUTE = re.compile(
    r"(?P<headings>second-level headings|headings that begin with)"
    r"|(?:that the|has the) words “(?P<phrase>[^”]+)” (?:stand|in a row)"
    r"|value of “(?P<pair1>[^”]+)”|“(?P<pair2>[^”]+)” as the page gives it"
    r"|right after (?:the words )?“(?P<date>[^”]+)”"
)
N = r"(-?\d+(?:\.\d+)?)"
BOUNDS = re.compile(
    rf"is from {N} to {N}|is at least {N} and at most {N}|is (?:at least|not below) {N}|is {N} or more"
    rf"|is (?:at most|not above) {N}|is {N} or less|lies in the {N}s|decade that begins with {N}"
)
RIDDLE = re.compile(r"\([a-h]\) the (?:one|only) page [^(]*?words ((?:“\w+”(?:, | and )?)+)")
FENCES = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
TARGETS = re.compile(r"\]\([^)]*\)")


@dataclass(frozen=True)
class Sheet:
    """A page of the lake."""

    url: str
    title: str
    text: str

    @cached_property
    def words(self) -> list[str]:
        """The words of the text in lower case."""
        return re.findall(r"[^\W_]+", self.text.lower())

    @cached_property
    def shown_words(self) -> set[str]:
        """The words of the text without addresses of links, in lower case."""
        return set(re.findall(r"\w+", TARGETS.sub("]", self.text).lower()))

    @cached_property
    def lines(self) -> list[tuple[str, str]]:
        """(heading, line) of the page, code left out."""
        return list(self._lines())

    def _lines(self) -> Iterator[tuple[str, str]]:
        heading = ""
        for line in FENCES.sub("", self.text).splitlines():
            if found := re.match(r"#{1,6} +(.*)", line):
                heading = _bare(found[1])
            yield heading, line

    def value(self, kind: str, label: str) -> float | None:
        """An attribute by its words."""
        if kind == "headings":
            return float(sum(line.startswith("## ") for _, line in self.lines))
        words, text = self.words, self.text
        if kind == "phrase":
            run = label.split()
            return float(sum(words[at : at + len(run)] == run for at in range(len(words))))
        after = r"\W{1,6}" if kind == "pair" else r"\s+(?:\d{1,2} \w+ |\w+ \d{1,2}, )?"
        start = r"(?m)^\W*" if kind == "pair" else ""
        found = re.findall(
            rf"{start}{re.escape(label)}{after}([\d,.]*\d)", _bare(text) if kind == "date" else text, re.I
        )
        return float(found[0].replace(",", "")) if len(found) == 1 else None


class Checker:
    """Answers questions over the pages of a lake."""

    def __init__(self, lake: Path) -> None:
        with connect(Lake(lake)) as con:
            rows = con.sql("select url, coalesce(title, ''), text from pages where text is not null").fetchall()
        self.sheets = [Sheet(*row) for row in rows]
        self._by_word = dict[str, dict[str, Sheet]]()
        """Name or url -> the pages that have it, by url."""
        for sheet in self.sheets:
            for word in (sheet.url, *names(sheet)):
                self._by_word.setdefault(word, {})[sheet.url] = sheet

    def answer(self, composer: str, instruction: str) -> float | set[str]:
        """The answer: a number, or the urls of the pages."""
        return self._answers[composer](instruction)

    def named_answer(self, composer: str, instruction: str) -> float | set[str]:
        """The answer: a number, or the names of the pages."""
        found = self.answer(composer, instruction)
        return {names(self._page(url))[0] for url in found} if isinstance(found, set) else found

    @property
    def _answers(self) -> dict[str, Callable[[str], float | set[str]]]:
        return {
            "set_extreme": self._extreme, "set_count": lambda text: float(len(self._selected(text))),
            "set_list": self._selected, "union": self._union, "intersection": self._riddles, "chain": self._chain,
            "table_join": self._joined, "mentions": self._mentioned,
        }  # fmt: skip

    def _extreme(self, text: str) -> set[str]:
        values = self._values(text, self._members(text))
        best = max(values.values()) if re.search("greatest|highest", text) else min(values.values())
        return {url for url, value in values.items() if value == best}

    def _selected(self, text: str) -> set[str]:
        low, high = _bounds(text)
        values = self._values(text, self._members(text))
        return {url for url, value in values.items() if low <= value <= high}

    def _union(self, text: str) -> float:
        groups = re.split(r"\([a-e]\) ", text)[1:]
        return float(len(set().union(*map(self._selected, groups))))

    def _chain(self, text: str) -> float:
        one, two, three = re.split(r"Step \d: ", text)[1:]
        n = len(self._selected(one))
        second = sorted(self._members(two), key=lambda sheet: names(sheet)[0].casefold())
        chosen = second[(n - 1) % len(second)]
        values = self._values(three, [*self._members(three), chosen])
        own = values[chosen.url]
        return float(sum(values[sheet.url] > own for sheet in self._members(three)))

    def _riddles(self, text: str) -> float | set[str]:
        found = []
        for words in (set(re.findall(r"“(\w+)”", one)) for one in RIDDLE.findall(text)):
            (one,) = [sheet for sheet in self.sheets if words <= sheet.shown_words]
            found.append(one)
        assert len(found) == len(re.findall(r"\([a-h]\) ", text))
        return sum(self._values(text, found).values()) if ATTRIBUTE.search(text) else {sheet.url for sheet in found}

    def _mentioned(self, text: str) -> float | set[str]:
        pairs = re.findall(r"\([a-d]\) [^(]*?“(\w+)” and “(\w+)”", text)
        assert pairs, text
        values = self._values(text, [one for one in self.sheets if any(set(pair) <= one.shown_words for pair in pairs)])
        if re.search("add up|What is the sum", text):
            return sum(values.values())
        extreme = re.search("(greatest|highest)|smallest|lowest", text)
        best = (max if extreme[1] else min)(values.values()) if extreme else None
        low, high = (best, best) if best is not None else _bounds(text)
        return {url for url, value in values.items() if low <= value <= high}

    def _joined(self, text: str) -> float:
        (page,), (heading,) = (
            re.findall(r"page “([^”]+)”", text),
            re.findall(r"heading “([^”]+)”|under “([^”]+)”", text),
        )
        sheet, low_high = self._page(page), _bounds(text)
        column = re.search(r"(?:whose|where) (?:column )?“([^”]+)” is", text)
        key = re.search(r"column “([^”]+)” names pages", text)
        assert column and key
        rows = [_cells(line) for under, line in sheet.lines if under == "".join(heading) and line.startswith("|")]
        at, by = rows[0].index(column[1]), rows[0].index(key[1])
        chosen = [row[by] for row in rows[2:] if low_high[0] <= float(row[at].replace(",", "")) <= low_high[1]]
        return sum(self._values(text.split(".", 1)[1], [self._named(cell) for cell in chosen]).values())

    def _members(self, text: str) -> list[Sheet]:
        found: dict[str, Sheet] = {}
        sets = list(SET.finditer(text))
        assert sets, text
        for one in sets:
            heading, page = (next(filter(None, (one[f"{kind}{n}"] for n in (1, 2, 3, 4)))) for kind in "hp")
            hub = self._page(page)
            items = [line for under, line in hub.lines if under == heading and re.match(r"(?:[-*+]|\d+\.) +", line)]
            read = self._first_linked if one["h4"] else self._all_named
            found |= {sheet.url: sheet for item in items for sheet in read(item) if sheet != hub}
        return list(found.values())

    def _values(self, text: str, sheets: list[Sheet]) -> dict[str, float]:
        one = ATTRIBUTE.search(text)
        assert one, text
        kind, label = next((name.rstrip("12"), value) for name, value in one.groupdict().items() if value)
        values = {sheet.url: sheet.value(kind, label) for sheet in sheets}
        return {url: value for url, value in values.items() if value is not None}

    def _page(self, name: str) -> Sheet:
        (one,) = self._by_word[name].values()
        return one

    def _first_linked(self, item: str) -> list[Sheet]:
        return [sheet for sheet in self._linked(item)[:1] if sheet]

    def _all_named(self, item: str) -> list[Sheet]:
        """A careful reader takes each page to which an item links, else the page of its words."""
        alone = self._named(re.sub(r"^\S+ +", "", item))
        return [sheet for sheet in self._linked(item) if sheet] or ([alone] if alone else [])

    def _linked(self, item: str) -> list[Sheet | None]:
        found = [list(self._by_word.get(link, {}).values()) for link in re.findall(r"\]\(([^)#\s]+)", item)]
        return [some[0] if len(some) == 1 else None for some in found]

    def _named(self, item: str) -> Sheet:
        link = re.search(r"\]\(([^)#\s]+)", item)
        linked = self._by_word.get(link[1], {}) if link else {}
        found = linked or self._by_word.get(_bare(item), {})
        return next(iter(found.values())) if len(found) == 1 else None  # type: ignore[return-value]


def names(sheet: Sheet) -> list[str]:
    """The title without its last part, which the site adds, and the whole title."""
    return [re.sub(r"\s+(?:—|-)\s+[^—]*?(?:documentation|Regions)$", "", sheet.title), sheet.title]


def _bounds(text: str) -> tuple[float, float]:
    (found,) = BOUNDS.finditer(text)
    given = {at: float(one) for at, one in enumerate(found.groups()) if one is not None}
    decades = [given[at] for at in (8, 9) if at in given]
    low = [given[at] for at in (0, 2, 4, 5) if at in given] or decades or [float("-inf")]
    high = [given[at] for at in (1, 3, 6, 7) if at in given] or [one + 9 for one in decades] or [float("inf")]
    return low[0], high[0]


def _cells(line: str) -> list[str]:
    return [cell.strip() if "](" in cell else _bare(cell) for cell in line.strip().strip("|").split("|")]


def _bare(text: str) -> str:
    return re.sub(r"[*`]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)).strip()
