"""Stars and underscores of a page in its Markdown, rendered and searched."""

import pytest
from markdown_it import MarkdownIt

from sources.index.passage_splitter import blocks
from tests.sources.text.pages import markdown


@pytest.mark.parametrize(
    "text",
    [
        "the __init__ method and __call__(*args, **kwargs)",
        "2*3*4 and x**2 + y**2",
        "char *a, char* b",
        "_foo_ or *bar*, and _**baz**_",
        "*args</p><p>and **kwargs*",
        "(a, *, b, /) and (*)",
        "*one</em><b>two*</b> *three",
        "<em>*args</em> and <b>**kw</b>*",
        "_a <b>b_ c</b> <i>__d</i>__",
        "foo_<b>bar</b>_ of __all__",
        "<code>*p</code> or *q* and <a href=x>_r_</a>_",
        "«*a*»b*, “_c_”d_",
    ],
)
def test_rendered_markdown_has_the_stars_and_underscores_of_the_page(text: str) -> None:
    """Rendered, `__init__` would be a bold `init`, and the name that a task asks for is on no page."""
    shown = MarkdownIt().render(markdown(f"<p>{text}</p>"))
    assert _characters(shown) == _characters(MarkdownIt("commonmark").render(f"<p>{text}</p>"))


@pytest.mark.parametrize(
    "text", ["Pass *args and **kwargs.", "Set snake_case and a__b of _private.", "print(*objects, sep)", "2 * 3 * 4"]
)
def test_text_that_no_reader_takes_for_emphasis_has_no_backslash(text: str) -> None:
    """A search of the raw text does not find a name with backslashes."""
    assert markdown(f"<p>{text}</p>") == text


def test_headings_and_cells_keep_names_of_special_methods() -> None:
    """A cell or heading is one line, whose paragraphs may pair with each other."""
    text = markdown("<h2>Pump.__call__</h2><table><tr><th>a<th>b<tr><td>*x<p>y*</p><td>__z__</table>")
    assert text == "## Pump.\\_\\_call\\_\\_\n\n| a | b |\n| --- | --- |\n| \\*x<br>y\\* | \\_\\_z\\_\\_ |"


def test_a_formula_between_dollars_is_no_emphasis() -> None:
    """A backslash would change the formula."""
    assert markdown("<p>Let $a_{*}b*c$ and $$_x*y*_$$ be *so*.</p>") == "Let $a_{*}b*c$ and $$_x*y*_$$ be \\*so\\*."


def test_search_finds_the_names_without_backslashes() -> None:
    """A sentence with `\\_\\_init\\_\\_` in it matches no question about `__init__`."""
    page = markdown("<p>The __init__ method takes *args* or <em>*rest</em> and <b>**kw**</b>.</p>")
    assert [block.text for block in blocks(page)] == ["The __init__ method takes *args* or *rest and **kw**."]


def _characters(html: str) -> str:
    return "".join(character for character in html if character in "*_")
