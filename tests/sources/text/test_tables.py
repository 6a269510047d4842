"""Tables: columns stay aligned and cells whole, whatever the cells hold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sources.text.pages import markdown


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<thead><tr><th><p>Name</p><th><p>Use</p></thead><tr><td><p>a</p><td><p>one</p><p>two</p>",
         "| Name | Use |\n| --- | --- |\n| a | one<br>two |"),
        ("<tr><td>a|b<td><code>x|y</code><tr><td>1<td><ul><li>p<li>q</ul>",
         "| a\\|b | `x\\|y` |\n| --- | --- |\n| 1 | - p<br>- q |"),
        ("<tr><th>k<th>v<th>w<tr><td rowspan=2>a<td>1<td>2<tr><td>3<td>4<tr><td colspan=2>b<td>5",
         "| k | v | w |\n| --- | --- | --- |\n| a | 1 | 2 |\n| a | 3 | 4 |\n| b |  | 5 |"),
        ("<thead><tr><th rowspan=2>n<th colspan=2>Size<tr><th>w<th>h</thead><tr><td>a<td>1<td>2",
         "| n | Size w | Size h |\n| --- | --- | --- |\n| a | 1 | 2 |"),
        ("<tr><th colspan=2>Pump 4<tr><th>Power<td>11 kW<tr><th>Hall<td>4",
         "Pump 4\n\n|  |  |\n| --- | --- |\n| Power | 11 kW |\n| Hall | 4 |"),
        ("<caption>Pumps</caption><tr><td><b>No</b><td><b>kW</b><tr><td>1<td>11",
         "Pumps\n\n| No | kW |\n| --- | --- |\n| 1 | 11 |"),
        ("<tr><th>call<tr><td><a href=f.html><code>f()</code></a>",
         "| call |\n| --- |\n| [`f()`](http://site.example/dir/f.html) |"),
        ("<tr><td>a<td><pre>x = 1\ny = 2</pre><tr><td>b<td>c",
         "| a | `x = 1`<br>`y = 2` |\n| --- | --- |\n| b | c |"),
    ],
)  # fmt: skip
def test_a_table_of_data_is_a_markdown_table(html: str, expected: str) -> None:
    """Loose paragraphs in place of cells lose which value belongs to which name."""
    assert markdown(f"<p>Before.</p><table>{html}</table><p>After.</p>") == f"Before.\n\n{expected}\n\nAfter."


def test_a_table_that_lays_out_the_page_is_none() -> None:
    """Old pages put their chapters into cells; a chapter on one line cannot be read."""
    text = markdown("<table><tr><td><h2>One</h2><p>First.</p></td><td><h2>Two</h2><p>Second.</p></td></tr></table>")
    assert text == "## One\n\nFirst.\n\n## Two\n\nSecond."


SPANS = st.lists(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 4)), min_size=1, max_size=4), min_size=2, max_size=5
)


@settings(deadline=None, max_examples=40)
@given(SPANS)
def test_all_rows_of_a_table_are_equally_wide(rows: list[list[tuple[int, int]]]) -> None:
    """A row with another number of cells moves its values under other names."""
    cells = ("".join(f"<td colspan={c} rowspan={r}>v{n}" for n, (c, r) in enumerate(row)) for row in rows)
    text = markdown("<table><tr><th>a<th>b" + "".join(f"<tr>{row}" for row in cells) + "</table>")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len(lines) == len(rows) + 2 and len({line.count("|") for line in lines}) == 1


def test_the_title_of_a_table_leaves_its_rows_alone() -> None:
    """The first value of an enumeration would become the name of a column."""
    rows = "".join(f"<tr><td>{name}<td>Valve is {name}" for name in ("open", "shut"))
    assert markdown(f"<table><tr><th colspan=2>Enumerator{rows}</table>") == (
        "Enumerator\n\n|  |  |\n| --- | --- |\n| open | Valve is open |\n| shut | Valve is shut |"
    )
