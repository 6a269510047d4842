"""The mediawiki source over XML dumps: nights, compression, damage, and the text of wikitext."""

import bz2
import gzip
import random
from pathlib import Path

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.mediawiki.source_page import source_page
from sources.mediawiki.titles import WikiAddresses
from sources.mediawiki.wikitext import redirect_target, wiki_html
from tests.flows.crawl.nights import FIRST, SECOND, THIRD, crawl_source, statuses, survives_kills

HEAD = """<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11" xml:lang="en"><siteinfo>
<sitename>W</sitename><base>https://w.example/wiki/Main_Page</base><case>first-letter</case><namespaces>
<namespace key="0" /><namespace key="6">File</namespace><namespace key="10">Template</namespace>
<namespace key="14">Category</namespace></namespaces></siteinfo>"""
WIKI = WikiAddresses("https://w.example/wiki/$1", {"file": 6, "template": 10, "category": 14})


def page(
    title: str, text: str | None, revision: int, *, ns: int = 0, redirect: str = "", model: str = "wikitext"
) -> str:
    """One page of a dump as MediaWiki writes it."""
    to = f'<redirect title="{redirect}" />' if redirect else ""
    body = (
        '<text bytes="5" deleted="deleted" />'
        if text is None
        else f'<text bytes="5" xml:space="preserve">{text}</text>'
    )
    return (
        f"<page><title>{title}</title><ns>{ns}</ns><id>{revision}</id>{to}<revision><id>{revision}</id>"
        f"<timestamp>2026-01-01T00:00:00Z</timestamp><model>{model}</model>{body}</revision></page>"
    )


def dump(*pages: str) -> bytes:
    """A whole dump."""
    return (HEAD + "".join(pages) + "</mediawiki>").encode()


def section(*dumps: Path) -> dict[str, object]:
    """The entry of `[[crawl.sources]]` for dumps."""
    return {"kind": "mediawiki", "dumps": [str(path) for path in dumps]}


def test_nights_of_a_dump(tmp_path: Path) -> None:
    """Without it every new dump converts every page again, and pages that left the wiki stay in tasks."""
    file, home = tmp_path / "w.xml.bz2", tmp_path / "home"
    first_pages = [page("A", "Alpha [[b]].", 1), page("B", "Beta.", 2), page("C", "Gamma.", 3), page("D", "Delta.", 4)]
    file.write_bytes(
        bz2.compress(dump(*first_pages[:2], page("T", "x", 9, ns=10))[:-12])
        + bz2.compress("".join(first_pages[2:]).encode() + b"</mediawiki>")
    )
    first = crawl_source(home, FIRST, section(file))
    prefix = "https://w.example/wiki/"
    assert statuses(first, prefix) == dict.fromkeys("ABCD", "ok")
    assert first[f"{prefix}A"].text == f"# A\n\nAlpha [b]({prefix}B)."
    assert first[f"{prefix}A"].last_modified == "2026-01-01T00:00:00Z"
    changed = [page("A", "Alpha.", 1), page("B", "Beta, changed.", 5), page("D", None, 6),
               page("E", "#REDIRECT [[A]]", 7, redirect="A"), page("F", "{}", 8, model="json")]  # fmt: skip
    file.write_bytes(bz2.compress(dump(*changed)))
    second = crawl_source(home, SECOND, section(file))
    assert statuses(second, prefix) == {
        "A": "not_modified", "B": "ok", "C": "gone", "D": "gone", "E": "redirected", "F": "content_type",
    }  # fmt: skip
    assert statuses(crawl_source(home, THIRD, section(file))) == {file.as_uri(): "not_modified"}


def test_a_dump_that_ends_within_a_page_keeps_the_pages_before_it(tmp_path: Path) -> None:
    """A download that broke off is the usual damage: what is there is read, and the row names the place."""
    whole = dump(*(page(f"P{number}", f"Text {number}.", number + 1) for number in range(6)))
    cut = whole[: whole.index(b"Text 4.")]
    zstd = pyarrow.compress(whole, "zstd", asbytes=True)
    noise = bytes(random.Random(1).randbytes(3_000))
    files = {"a.xml": cut, "b.xml.gz": gzip.compress(cut), "c.xml.bz2": bz2.compress(whole)[:-20],
             "d.xml.zst": zstd[:-20], "e.xml.gz": gzip.compress(whole)[:-9], "f.xml": b"", "g.xml.bz2": noise,
             "h.xml": b"<html>no dump</html>"}  # fmt: skip
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        found = crawl_source(tmp_path / f"home-{name}", FIRST, section(tmp_path / name))
        own = found[(tmp_path / name).as_uri()]
        assert own.status in ("truncated", "collection"), name
        if name[0] in "ab":
            assert [row.status for row in found.values()].count("ok") == 4
            assert "after the page 'P3'" in (own.detail or "")
    (tmp_path / "a.xml").write_bytes(whole)
    repaired = crawl_source(tmp_path / "home-a.xml", SECOND, section(tmp_path / "a.xml"))
    assert sorted(row.status for row in repaired.values()) == ["collection", *["not_modified"] * 4, "ok", "ok"]


@pytest.mark.slow
def test_a_killed_reading_gives_the_same_rows(tmp_path: Path) -> None:
    """A night that is killed within a dump must not lose or repeat a page."""
    file = tmp_path / "w.xml"
    file.write_bytes(dump(*(page(f"P{number}", f"Text {number}.", number + 1) for number in range(25))))
    [found] = survives_kills(tmp_path, section(file), seed=5)
    assert len(found) == 26


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("== One ==\n=== Two ===\nText.", ["## One", "### Two", "Text."]),
        ("* a\n** b\n# c\n: d", ["- a", "  - b", "1. c", "d"]),
        ("; term : meaning", ["term", "meaning"]),
        (
            "{|\n|+ Cap\n! A !! B\n|-\n| 1 || [[x|y]]\n|-\n| a\n| b|c\n|}",
            ["Cap", "| A", "B", "1", "[y](https://w.example/wiki/X)"],
        ),
        ("See [[File:x.png|thumb|200px|A [[cat]] here]].", ["A [cat](https://w.example/wiki/Cat) here"]),
        (
            "[[Category:X]][[:Category:X]] [[de:Haus]] [[#part]] [https://e.example e]",
            ["Category:X", "[e](https://e.example/)"],
        ),
        ("{{convert|5|to|10|km|mi}} and {{val|3.2|e=5|u=m}}", ["5 to 10 km", "and 3.2"]),
        ("{{Infobox x|name=N|image=i.png|area={{convert|3|km2}}}}T.", ["| name | N", "| area | 3 km2"]),
        ("A<ref>{{cite web|url=x}}</ref> b<!-- c --> <nowiki>[[d]]</nowiki> {{lang|de|Haus}}", ["A b", "Haus"]),
        ("{{Main|Other}}\n{{quote|Words.}}", ["Main article: [Other](https://w.example/wiki/Other)", "Words."]),
        ("In C, text stands before it.\n<syntaxhighlight lang='c'>\nint a;\n</syntaxhighlight>", ["```", "\nint a;\n"]),
    ],
)
def test_wikitext_keeps_structure(text: str, parts: list[str]) -> None:
    """Structure that a conversion loses is missing from every task that is made of a dump."""
    markdown = source_page(text, "T", "en", WIKI, "https://w.example/wiki/T").text
    assert [part for part in parts if part not in markdown] == []
    assert [mark for mark in ("[[", "{{", "''", "<ref", "i.png", "{|") if mark in markdown.replace("\\", "")] in (
        [],
        ["[["],
    )


def test_formulas_and_indices_reach_the_extractor() -> None:
    """A lost formula is a hole in the sentence; 10 to the sixth power must not read 106."""
    written = wiki_html("Mass <math>m_0 < 1</math>, {{val|3|e=6|u=kg}}, H<sub>2</sub>O", WIKI).html
    assert '<annotation encoding="application/x-tex">m_0 &lt; 1</annotation>' in written
    assert "10<sup>6</sup> kg, H<sub>2</sub>O" in written


def test_templates_that_cannot_be_read_are_counted() -> None:
    """A page that lacks half of its text would pass for a whole one."""
    read = source_page(
        "{{Odd|1}} {{odd thing}} {{Odd|2}} {{cite book|x}} Text.", "T", None, WIKI, "https://w.example/wiki/T"
    )
    assert read.detail == "3 templates left out: Odd (2), odd thing (1)"


def test_redirects_in_any_language() -> None:
    """A redirect that is taken for text becomes a page of one line."""
    assert redirect_target("#WEITERLEITUNG [[Haus|x]]") == "Haus"
    assert redirect_target("# [[not]] a redirect") is None


PIECES = (
    "[[", "]]", "{{", "}}", "{|", "|}", "|-", "\n", "\n*", "\n#", "\n;", ":", "|", "'''", "<ref>", "</ref>", "<b>",
    "</div>", "==", "\n== ", "<math>", "</math>", "x", " ", "File:", "&lt;", "<",
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_any_wikitext_gives_a_page_or_a_reason(pieces: list[str]) -> None:
    """Wikitext has no syntax errors; a page that crashes the conversion would be lost."""
    read = source_page("".join(pieces), "T", None, WIKI, "https://w.example/wiki/T")
    assert read.text.startswith("# T") or read.detail
