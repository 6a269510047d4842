"""Menus, banners and footers stay out of the text; the labelled pages are those of the benchmark `crawl.text`."""

import pytest

from tests.benchmarks.crawl.labelled import Labelled, labelled_pages, words
from tests.sources.text.pages import extracted, markdown

PAGES = list(labelled_pages())
MAX_KEPT_SHARE = 0.02


def test_hardly_any_boilerplate_is_kept() -> None:
    """Tasks made of menus and cookie banners teach nothing."""
    texts = [words(extracted(one.html).text) for one in PAGES]
    kept = sum(sum(map(len, _found(one, text))) for one, text in zip(PAGES, texts, strict=True))
    assert len(PAGES) >= 20
    assert kept <= MAX_KEPT_SHARE * sum(map(len, texts))


def _found(one: Labelled, text: str) -> list[str]:
    content = "".join(one.content_words)
    return [piece for piece in one.boilerplate_words if piece in text and piece not in content]


@pytest.mark.parametrize("one", [pytest.param(one, id=one.name) for one in PAGES])
def test_all_content_is_kept(one: Labelled) -> None:
    """Content that is taken for a menu is lost without a trace."""
    text = extracted(one.html).text.replace("`", "").replace("**", "")
    assert [piece for piece in one.content_words if piece not in words(text)] == []


def test_a_page_of_nothing_but_a_menu_is_kept() -> None:
    """An index of a site has no other text."""
    assert markdown("<nav><ul><li><a href=a>First part</a><li><a href=b>Second part</a></ul></nav>").count("](") == 2


def test_a_section_named_after_its_subject_is_content() -> None:
    """Generators of documentation use a heading as the id of its section: a page about menus has `id=menu`."""
    text = markdown("<h1>Widgets</h1><div id=menu><h2>Menu</h2><p>A menu opens below its button.</p></div>")
    assert "A menu opens" in text


def test_a_form_around_the_whole_page_is_not_dropped() -> None:
    """ASP.NET puts the whole page into one form."""
    words = "The pump stops when the level falls below the sill of the inlet. " * 12
    assert "The pump stops" in markdown(f"<form action=/x><h1>Pump</h1><p>{words}</p><input name=q></form>")


@pytest.mark.parametrize("level", ["h1", "h2"])
def test_a_short_page_of_aspnet_is_its_content_alone(level: str) -> None:
    """All of it is one form: the state of the server, a menu, a search field, and a page of two sentences."""
    text = markdown(
        "<form method=post action=./Hours.aspx id=aspnetForm><div class=aspNetHidden><input type=hidden "
        f'name=__VIEWSTATE value="{"/wEPDwUK" * 900}"></div><div id=header><ul class=menu><li><a href=a.aspx>Home</a>'
        "<li><a href=b.aspx>News</a></ul><input name=ctl00$search><input type=submit value=Search></div>"
        f"<div id=ctl00_Main><{level}>Opening hours</{level}><p>The pump house opens at nine. It closes at five.</p>"
        "<table class=grid><tr><th>Day</th><th>Hours</th></tr><tr><td>Monday</td><td>9 to 5</td></tr></table></div>"
        "<div id=footer>Copyright 2026 Waterworks</div></form>"
    )
    assert "Opening hours\n\nThe pump house opens at nine. It closes at five.\n\n| Day | Hours |" in text
    assert [word for word in ("wEPD", "News", "Copyright") if word in text] == []
