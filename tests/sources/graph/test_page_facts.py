"""Facts of a page: what rules read in headings, lists, tables and prose, and what they refuse and count."""

import pytest

from sources.graph.page_facts import MOST, page_facts
from sources.graph.titles import names_of
from sources.graph.values import values_of

PAGE = """# Harbours

Oslo was founded in 1048 by King Harald. The port handles 3,214 ships and 12.5 km of quays in 2019-2020.

## Docks

- [Inner dock](https://x.example/inner)
  - a nested note
- Outer dock

| Dock | Depth |
| --- | --- |
| [Inner dock](https://x.example/inner) | 9.5 m |
| Outer dock | 12 |

```
# not a heading, and 99 is no number
```
Opened: 3 March 1901
"""


def test_a_page_gives_its_sections_items_cells_pairs_and_values() -> None:
    """A fact that is missed or misread becomes a wrong truth of a task."""
    found = page_facts("Harbours — The Guide", PAGE)
    by_kind: dict[str, list[object]] = {}
    for one in found:
        by_kind.setdefault(one.kind, []).append(one)
    shown = {kind: [one.text for one in some] for kind, some in by_kind.items()}  # type: ignore[attr-defined]
    assert shown["section"] == ["Harbours", "Docks"]
    assert shown["item"] == ["Inner dock", "a nested note", "Outer dock"]
    assert shown["alias"] == ["harbours", "the guide"]
    assert shown["date"] == ["1048", "1901-03-03"]
    assert shown["number"] == ["3,214", "12.5 km"]
    cells = [(one.label, one.row, one.text, one.value, one.unit, one.link) for one in found if one.kind == "cell"]
    assert cells == [
        ("Dock", 1, "Inner dock", None, None, "https://x.example/inner"),
        ("Depth", 1, "9.5 m", 9.5, "m", None),
        ("Dock", 2, "Outer dock", None, None, None),
        ("Depth", 2, "12", 12.0, None, None),
    ]
    items = [(one.section, one.value, one.link) for one in found if one.kind == "item"]
    assert items == [("Docks", 0.0, "https://x.example/inner"), ("Docks", 1.0, None), ("Docks", 0.0, None)]
    assert [(one.label, one.value) for one in found if one.kind == "refused"] == [("number_notation", 2.0)]


@pytest.mark.parametrize(
    ("line", "values"),
    [
        ("a length of 1,234.5 km", [("a length of", 1234.5, "km")]),
        ("It grew by -3 °C in 1999.", [("in", 1999.0, None), ("it grew by", -3.0, "°C")]),
        ("Python version 3.10 and release 4", []),
        ("pages 3-7, item 4th, 1.2.3, 10:30, x=5", []),
        ("1,23 is no thousand", []),
        ("on 31 February 2020", []),
        ("塔高24米，面积为1,250平方公里。", [("塔高", 24.0, "米"), ("面积为", 1250.0, "平方公里")]),
        ("城墙建于1862年。", [("城墙建于", 1862.0, None)]),
        ("条约于2024年3月5日签署。", [("条约于", 2024.0, None)]),
        ("Башня построена в 1862 году, высота 24 м.", [("башня построена в", 1862.0, None), ("высота", 24.0, "м")]),
        ("Открыт 3 марта 1901 года.", [("открыт", 1901.0, None)]),
        ("بُنيت القلعة عام ١٨٦٢.", [("بُنيت القلعة عام", 1862.0, None)]),
        ("يبلغ الطول ١٬٢٥٠٫٥ كم", [("يبلغ الطول", 1250.5, "كم")]),
        ("Erbaut am 3. März 1901", [("erbaut am", 1901.0, None)]),
        ("Fundado el 3 de marzo de 1901", [("fundado el", 1901.0, None)]),
    ],
)
def test_a_number_counts_only_if_it_has_one_reading(line: str, values: list[tuple[str, float, str | None]]) -> None:
    """A version read as a number would make 3.9 greater than 3.10."""
    assert [(one.label, one.value, one.unit) for one in values_of(line)] == values


def test_what_a_long_page_has_too_much_of_is_counted() -> None:
    found = page_facts("List", "\n".join(f"- item number{n}" for n in range(MOST + 7)))
    assert sum(one.kind == "item" for one in found) == MOST
    assert [(one.label, one.value) for one in found if one.label == "too_many_item"] == [("too_many_item", 7.0)]


def test_a_title_names_its_page_without_chapter_numbers() -> None:
    assert names_of("9.2. email.utils: Miscellaneous utilities — Docs") == [
        "email utils",
        "miscellaneous utilities",
        "docs",
    ]


def test_names_and_pairs_of_scripts_without_capital_letters() -> None:
    """Else `mentions` has no row of a Chinese page, and its pairs are no attributes."""
    found = page_facts(
        "城墙：历史", "人口：24,000\n\n这本《海边的灯塔》写的是「老渔村」的故事。\n\nЕго построил Иван Крылов."
    )
    shown = [(one.kind, one.text) for one in found]
    assert {("name", "海边的灯塔"), ("name", "老渔村"), ("name", "Иван Крылов"), ("alias", "城 墙")} <= set(shown)
    assert [(one.label, one.value) for one in found if one.kind == "pair"] == [("人口", 24_000.0)]
