"""The folder source: files of every format become pages with their links; changed and deleted files are noticed."""

from pathlib import Path

from tests.flows.crawl.nights import FIRST, SECOND, THIRD, by_name, night, settings_of, tally
from tests.sources.folder.made_files import epub, pdf

WORDS = "The keeper of the light climbs the tower each evening and writes the weather down in the book. "


def _manual(folder: Path) -> None:
    (folder / "guide").mkdir(parents=True)
    (folder / "a.html").write_text(
        f'<title>A</title><p>{WORDS}<a href="b.md#top">b</a> <a href="guide/">g</a> <a href="/c.rst">c</a> '
        '<a href="../../../etc/passwd">p</a> <a href="https://example.org/x">x</a></p>'
    )
    (folder / "b.md").write_text(f"# B\n\n{WORDS}See [a](a.html).\n")
    (folder / "c.rst").write_text(
        f"Title of C\n==========\n\n{WORDS}\n\n.. note:: See :doc:`guide/index` and :py:func:`os.path.join`.\n\n"
        ".. toctree::\n\n   b\n\n.. include:: /etc/passwd\n\n.. code-block:: python\n\n   def f():\n       return 1\n"
    )
    (folder / "guide" / "index.html").write_text(f"<title>Guide</title><p>{WORDS}</p>")


def test_links_between_files_are_links_between_pages(tmp_path: Path) -> None:
    """Without edges between its pages no task can be made from a manual in a folder."""
    _manual(tmp_path / "docs")
    found = by_name(night(settings_of(tmp_path, {"kind": "folder", "paths": [tmp_path / "docs"]}), FIRST))
    docs = (tmp_path / "docs").as_uri()
    targets = {name: [link.url.removeprefix(docs) for link in row.links] for name, row in found.items()}
    assert targets["a.html"][:3] == ["/b.md", "/guide/index.html", "/c.rst"]
    assert targets["a.html"][-1] == "https://example.org/x"
    assert (targets["b.md"], targets["c.rst"]) == (["/a.html"], ["/guide/index.rst", "/b.rst"])
    assert found["docs"].detail == "pages: 4 ok"


def test_restructured_text_keeps_what_sphinx_adds_and_opens_no_file(tmp_path: Path) -> None:
    """Directives that docutils lacks would lose their content, and an include could read any file of the machine."""
    _manual(tmp_path / "docs")
    row = by_name(night(settings_of(tmp_path, {"kind": "folder", "paths": [tmp_path / "docs"]}), FIRST))["c.rst"]
    text = row.text or ""
    assert "# Title of C" in text and "os.path.join" in text and "def f():\n    return 1" in text
    assert "root:" not in text


def test_a_second_night_reads_what_changed_and_a_deleted_file_is_gone(tmp_path: Path) -> None:
    """A file that is read again costs time; one that is gone would be taught for ever; a touched text is the same."""
    docs = tmp_path / "docs"
    _manual(docs)
    settings = settings_of(tmp_path, {"kind": "folder", "name": "manual", "license": "MIT", "paths": [docs]})
    first = by_name(night(settings, FIRST))
    (docs / "a.html").write_text(f"<title>A</title><p>Changed. {WORDS}</p>")
    (docs / "b.md").write_bytes((docs / "b.md").read_bytes())
    (docs / "c.rst").unlink()
    second = by_name(night(settings, SECOND))
    kept = {name: row.status for name, row in second.items() if name != "docs"}
    assert kept == {"a.html": "ok", "b.md": "not_modified", "c.rst": "gone", "index.html": "not_modified"}
    assert second["b.md"].doc_id == first["b.md"].doc_id and second["b.md"].text is None
    assert (first["a.html"].source, first["a.html"].license) == ("manual", "MIT")
    assert second["docs"].detail == "pages: 1 gone, 2 not_modified, 1 ok"
    third = by_name(night(settings, THIRD))
    assert "c.rst" not in third and third["a.html"].status == "not_modified"


def test_a_pdf_becomes_paragraphs_headings_and_pages(tmp_path: Path) -> None:
    """A line end in the middle of a word or sentence would be trained on, as would headers and page numbers."""
    pages = []
    for n, name in enumerate(("north", "south", "east", "west"), 1):
        body = [
            f"The pump of the {name} hall is a cen-",
            f"trifugal pump (of steel) that {name} winds drive,",
            "and it",
        ]
        lines = [(72, 700 - 14 * place, 11, line) for place, line in enumerate(body)]
        pages.append(
            [(72, 760, 9, f"Handbook of pumps {n}"), (72, 730, 18, f"Chapter {n}"), *lines, (300, 40, 9, str(n))]
        )
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "pumps.pdf").write_bytes(pdf(pages))
    row = by_name(night(settings_of(tmp_path, {"kind": "folder", "paths": [tmp_path / "docs"]}), FIRST))["pumps.pdf"]
    text = row.text or ""
    assert "# Chapter 2" in text and "The pump of the east hall is a centrifugal pump (of steel) that east" in text
    assert "Handbook" not in text and "\n\n2\n\n" not in text
    assert f"[Page 3]({row.url}#page=3)" in text and row.title == "Chapter 1"


def test_files_that_hold_no_text_have_their_reasons(tmp_path: Path) -> None:
    """A user must see which files were not read, and why: a password, an image, damage."""
    docs = tmp_path / "docs"
    docs.mkdir()
    page = [[(72, 700, 11, WORDS)]]
    (docs / "locked.pdf").write_bytes(pdf(page, encrypted=True))
    (docs / "scan.pdf").write_bytes(pdf([[]]))
    (docs / "cut.pdf").write_bytes(b"%PDF-1.7\n" + bytes(200))
    (docs / "bad.epub").write_bytes(b"PK\x03\x04" + bytes(60))
    lock = '<encryption><CipherData><CipherReference URI="OEBPS/one.xhtml"/></CipherData></encryption>'
    epub(docs / "book.epub", {"one.xhtml": f"<p>{WORDS}</p>"}, more={"META-INF/encryption.xml": lock})
    found = by_name(night(settings_of(tmp_path, {"kind": "folder", "paths": [docs]}), FIRST))
    assert {name: row.status for name, row in found.items() if name != "docs"} == {
        "locked.pdf": "encrypted", "scan.pdf": "extraction_empty", "cut.pdf": "damaged", "bad.epub": "damaged",
        "one.xhtml": "encrypted",
    }  # fmt: skip


def test_the_chapters_of_a_book_are_pages_in_reading_order(tmp_path: Path) -> None:
    """A book as one text would be too long for a task, and its links between chapters would lead nowhere."""
    docs = tmp_path / "docs"
    docs.mkdir()
    chapters = {
        "two.xhtml": f'<h1>Two</h1><p>{WORDS}<a href="one.xhtml#a">one</a></p>',
        "one.xhtml": f"<h1>One</h1><p>{WORDS}</p>",
    }
    epub(docs / "book.epub", chapters)
    settings = settings_of(tmp_path, {"kind": "folder", "paths": [docs]})
    first = night(settings, FIRST)
    book = (docs / "book.epub").as_uri()
    pages = [url for url, row in first.items() if row.status == "ok"]
    assert sorted(pages) == [f"{book}/OEBPS/one.xhtml", f"{book}/OEBPS/two.xhtml"]
    two = first[f"{book}/OEBPS/two.xhtml"]
    assert [link.url for link in two.links] == [f"{book}/OEBPS/one.xhtml"]
    assert (two.license, two.lang) == ("CC-BY-4.0", "en")
    epub(docs / "book.epub", chapters | {"one.xhtml": f"<h1>One</h1><p>New. {WORDS}</p>"})
    assert tally(night(settings, SECOND)) == {"ok": 1, "not_modified": 1, "collection": 1}
