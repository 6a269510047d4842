"""Pages as generators of documentation write them: the content alone, and all of it."""

import pytest

from tests.sources.text.pages import markdown

SENTENCE = "The pump stops when the level falls below the sill."
TREE = "".join(f"<li>\n   <a href=part{n}.html>Part {n} of the long manual</a>\n  </li>\n" for n in range(400))


@pytest.mark.parametrize(
    "page",
    [
        f"<div class=bd-sidebar><nav><ul>{TREE}</ul></nav></div><main role=main><h1>Pump.stop</h1><p>{{}}</p></main>",
        f"<div id=container><aside id=leftnav><nav><ul>{TREE}</ul></nav></aside><div id=content><h1>Pump.stop</h1>"
        "<p>{}</p></div></div>",
        f"<script>self.__data={'[1,2,3],' * 4_000}</script><div class=sidebar><ul>{TREE}</ul></div>"
        "<main><h1>Pump.stop</h1><p>{}</p></main>",
    ],
    ids=["pydata", "erlang", "next"],
)
def test_a_short_page_beside_the_tree_of_the_manual_is_read_alone(page: str) -> None:
    """Two sentences about a method would drown in 400 names of others."""
    assert markdown(page.format(SENTENCE)) == f"# Pump.stop\n\n{SENTENCE}"


def test_a_table_of_contents_of_indented_html_is_dropped() -> None:
    """DocBook indents its pages: most characters between the links of a table of contents are blanks."""
    entries = "\n            ".join(
        f"<dt>\n              <span class=section>\n                <a href=#s{n}>{n}. Part</a>\n</span>\n</dt>"
        for n in range(9)
    )
    assert markdown(f"<div class=toc>\n   <dl class=toc>\n{entries}</dl></div><h1>Pump</h1><p>{SENTENCE}") == (
        f"# Pump\n\n{SENTENCE}"
    )


def test_items_without_end_tags_are_no_nesting() -> None:
    """Logs of changes written by hand have thousands of items, and headings behind them."""
    log = "".join(f"<h3>Release {n}</h3><ul><li>A fix.<p>Its reason.<li>A feature.</ul>" for n in range(1_200))
    text = markdown(f"<h1>Changes</h1>{log}")
    assert text.count("### Release") == 1_200
    assert text.endswith("### Release 1199\n\n- A fix.\n\n  Its reason.\n- A feature.")
