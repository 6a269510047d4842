"""Solves studies over crawled pages by their words alone, from the pages of the lake: no code of the composer is used.

It reads the lists as the checker of search does, finds each number in the page's text, and computes with numpy.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import isclose as near

import numpy as np
from numpy.typing import NDArray

from tests.flows.domains.search.checker import Checker, Sheet

isclose = partial(near, rel_tol=1e-7)
Column = NDArray[np.float64]
PART = re.compile(r"\*\*Part (\d+)\.\*\*(.*?)(?=\*\*Part|\n\n(?!\*\*)|\Z)", re.DOTALL)
QUANTITY = re.compile(
    r"[xy] be (?:(?P<year>the year [^“]*)|the number (?:in the column|that the page's row has in the column) "
    r"|the number that the page gives for |the value (?:of|that stands beside) )?“(?P<label>[^”]+)”"
)
TABLE = re.compile(
    r"the column “(?P<k1>[^”]+)” of the table under the heading “(?P<h1>[^”]+)” on the page “(?P<p1>[^”]+)” names"
    r"|in the column “(?P<k2>[^”]+)” of the table that the page “(?P<p2>[^”]+)” has under “(?P<h2>[^”]+)”"
)
FACTOR = re.compile(
    r"(?:Let f be|Here f is|For this part, f is|The factor f is) (?:(?:the number )?(?P<start>\d+(?:\.\d+)?)\."
    r"|[^.]*?`(?P<step>\w+)` (?:of|in) part \d+\.|what part \d+ gave as `(?P<gave>\w+)`\.)"
)
WANTED = re.compile(r"(?:The answer|Wanted) is `(?P<step>\w+)` of part \d+(?:, converted to (?P<unit>[a-z ]+))?\.")
INTO = {
    "feet": 1 / 0.3048, "miles": 1000 / 1609.344, "hectares": 100.0, "square kilometres": 0.01, "metres": 0.3048,
}  # fmt: skip


@dataclass(frozen=True)
class Solved:
    """The steps by part and name, the answer, and the pages whose numbers count."""

    steps: Mapping[str, float]
    answer: float
    urls: frozenset[str]


class PageChecker(Checker):
    """Solves studies over the pages of a lake."""

    def agrees(self, instruction: str, goal: str) -> bool:
        """True if the goal has the steps and the answer that this reading gives."""
        wanted, found = json.loads(goal), self.solve(instruction)
        steps = {name: one["value"] for name, one in wanted["steps"].items()}
        same = steps.keys() == found.steps.keys() and all(isclose(steps[name], found.steps[name]) for name in steps)
        return same and isclose(wanted["answer"]["value"], found.answer)

    def solve(self, instruction: str) -> Solved:
        """The steps and the answer of an instruction."""
        steps, urls, last = dict[str, float](), set[str](), dict[str, float]()
        for number, text in PART.findall(instruction):
            columns, counting = self._columns(text)
            found = FACTOR.search(text)
            assert found, text
            factor = float(found["start"]) if found["start"] else last[found["step"] or found["gave"]]
            last = _compute(text[found.end() :], factor, columns)
            steps |= {f"{number}.{name}": value for name, value in last.items()}
            urls |= counting
        wanted = WANTED.search(instruction)
        assert wanted, instruction
        return Solved(steps, last[wanted["step"]] * INTO.get(wanted["unit"] or "", 1.0), frozenset(urls))

    def _columns(self, text: str) -> tuple[list[Column], set[str]]:
        quantities = list(QUANTITY.finditer(text))
        rows = dict[str, list[float | None]]()
        if table := TABLE.search(text):
            rows = self._tabled(table, quantities)
        for sheet in [] if table else self._members(text):
            rows[sheet.url] = [_number(sheet, one["label"], year=bool(one["year"])) for one in quantities]
        complete = {url: row for url, row in rows.items() if None not in row}
        left_out = re.search("do not count|Leave out|does not count", text)
        assert left_out or len(complete) == len(rows), text
        return [np.array(column, dtype=float) for column in zip(*complete.values(), strict=True)], set(complete)

    def _tabled(self, table: re.Match[str], quantities: list[re.Match[str]]) -> dict[str, list[float | None]]:
        """x of each row of a table, with y of the page that the row names."""
        hub, (key, heading) = self._page(table["p1"] or table["p2"]), (
            (table["k1"], table["h1"]) if table["k1"] else (table["k2"], table["h2"])
        )  # fmt: skip
        lines = [line.strip("| ") for under, line in hub.lines if under == heading and line.startswith("|")]
        header, _, *body = [[cell.strip() for cell in line.split("|")] for line in lines]
        x, y = (one["label"] for one in quantities)
        found = dict[str, list[float | None]]()
        for row in body:
            sheet, cell = self._named(row[header.index(key)]), row[header.index(x)]
            found[sheet.url] = [float(cell.replace(",", "")), _number(sheet, y, year=False)]
        return found


def _number(sheet: Sheet, label: str, *, year: bool) -> float | None:
    """The one number beside the words: after a colon or in the next cell of the row, or after the words in prose."""
    found = list[str]()
    for _, line in sheet.lines:
        bare = re.sub(r"[*`]|\[|\]\([^)]*\)", "", line)
        if year:
            found += re.findall(rf"{re.escape(label)} (\d{{4}})\b", bare)
        elif own := re.match(rf"[|\s•-]*{re.escape(label)}\s*[:|]\s*([\d,]+(?:\.\d+)?)", bare, re.IGNORECASE):
            found.append(own[1])
    return float(found[0].replace(",", "")) if len(found) == 1 else None


def _compute(text: str, factor: float, columns: list[Column]) -> dict[str, float]:
    (one,) = [compute for mark, compute in PROCEDURES.items() if f"`{mark}`" in text]
    return {name: float(value) for name, value in one(factor, *columns).items()}


def _limit(f: float, x: Column) -> Mapping[str, float]:
    bound = f * x.mean()
    return {"limit": bound, "excess": x[x >= bound].mean() - bound, "ratio": x[x >= bound].mean() / bound - 1}


def _power(f: float, x: Column) -> Mapping[str, float]:
    mean = np.mean(x**f) ** (1 / f)
    return {"power_mean": mean, "ratio": mean / x.mean()}


def _saturation(f: float, x: Column) -> Mapping[str, float]:
    return {"half": f * x.mean(), "saturation": np.mean(x / (x + f * x.mean()))}


def _diversity(f: float, x: Column) -> Mapping[str, float]:
    number = np.sum((x / x.sum()) ** f) ** (1 / (1 - f))
    return {"total": x.sum(), "number": number, "evenness": number / len(x)}


def _decay(f: float, x: Column) -> Mapping[str, float]:
    constant = f * (x.max() - x.min())
    return {"constant": constant, "remaining": np.mean(np.exp((x - x.max()) / constant))}


def _fit(f: float, x: Column, y: Column) -> Mapping[str, float]:
    slope, intercept = np.polyfit(np.log(x), np.log(y), 1)
    prediction = np.exp(intercept + slope * (np.log(f) + np.log(x).mean()))
    return {"exponent": slope, "prediction": prediction, "ratio": prediction / y.mean()}


def _nearest(f: float, x: Column, y: Column) -> Mapping[str, float]:
    target = f * x.mean()
    at = int(np.argmin(np.abs(x - target)))
    estimate = y[at] * target / x[at]
    return {"target": target, "estimate": estimate, "ratio": estimate / y.mean()}


def _weighted(f: float, x: Column, y: Column) -> Mapping[str, float]:
    mean = np.average(y, weights=x**f)
    return {"weighted_mean": mean, "ratio": mean / y.mean()}


PROCEDURES: Mapping[str, Callable[..., Mapping[str, float]]] = {
    "excess": _limit, "power_mean": _power, "half": _saturation, "evenness": _diversity, "remaining": _decay,
    "prediction": _fit, "estimate": _nearest, "weighted_mean": _weighted,
}  # fmt: skip
"""By a step that no other procedure has."""
