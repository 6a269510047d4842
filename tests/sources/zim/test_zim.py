"""The ZIM source: real files by libzim, their links over redirects, and clusters that are broken."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from libzim.writer import Creator, Hint, Item, StringProvider

from tests.flows.crawl.nights import FIRST, SECOND, by_name, night, settings_of, survives_kills, tally

WORDS = "The glacier above the village moves eleven metres a year and has lost a third of its ice since 1900. " * 3


class _Page(Item):  # type: ignore[misc]  # libzim has no types
    def __init__(self, path: str, html: str, mimetype: str = "text/html") -> None:
        super().__init__()
        self._path, self._html, self._mimetype = path, html, mimetype

    def get_path(self) -> str:
        return self._path

    def get_title(self) -> str:
        return self._path.title()

    def get_mimetype(self) -> str:
        return self._mimetype

    def get_contentprovider(self) -> StringProvider:
        return StringProvider(self._html)

    def get_hints(self) -> dict[Hint, bool]:
        return {Hint.FRONT_ARTICLE: True, Hint.COMPRESS: True}


def write_zim(path: Path, pages: Mapping[str, str], *, cluster_bytes: int = 2_000_000, **metadata: str) -> None:
    """Write a ZIM file with these pages, a picture, and a redirect from Alias to the first page."""
    with Creator(path).config_indexing(False, "eng").config_clustersize(cluster_bytes) as file:
        file.set_mainpath(next(iter(pages)))
        for name, html in pages.items():
            file.add_item(_Page(name, f"<html><body><p>{html}</p></body></html>"))
        file.add_item(_Page("picture.svg", "<svg/>", "image/svg+xml"))
        file.add_redirection("Alias", "Alias", next(iter(pages)), {Hint.FRONT_ARTICLE: True})
        for name, value in ({"Name": "glaciers_en", "Language": "eng", "License": "CC-BY-SA-4.0"} | metadata).items():
            file.add_metadata(name, value)


def test_articles_are_pages_with_links_over_redirects(tmp_path: Path) -> None:
    """A link to a redirect would be no edge, and pictures are no pages."""
    write_zim(tmp_path / "g_2026-01.zim", {"One": f"1 {WORDS}", "Two": f'2 {WORDS}<a href="Alias#x">one</a>'})
    found = night(settings_of(tmp_path, {"kind": "zim", "paths": [tmp_path / "*.zim"]}), FIRST)
    home = f"{tmp_path.as_uri()}/glaciers_en.zim"
    assert tally(found) == {"ok": 2, "redirected": 1, "collection": 1}
    two = found[f"{home}/Two"]
    assert [link.url for link in two.links] == [f"{home}/One"]
    assert (two.license, two.title) == ("CC-BY-SA-4.0", "Two")
    assert found[f"{home}/Alias"].detail == f"to {home}/One"


def test_a_newer_edition_changes_only_the_pages_that_changed(tmp_path: Path) -> None:
    """Every edition of a copy of Wikipedia has another file name, and millions of equal pages."""
    settings = settings_of(tmp_path, {"kind": "zim", "paths": [tmp_path / "*.zim"]})
    write_zim(tmp_path / "g_2026-01.zim", {"One": f"1 {WORDS}", "Two": f"2 {WORDS}", "Three": f"3 {WORDS}"})
    night(settings, FIRST)
    assert tally(night(settings, SECOND)) == {"not_modified": 1}
    (tmp_path / "g_2026-01.zim").unlink()
    write_zim(tmp_path / "g_2026-02.zim", {"One": f"1 {WORDS}", "Two": f"New. {WORDS}"})
    third = by_name(night(settings, FIRST.replace(day=5)))
    assert (third["One"].status, third["Two"].status) == ("not_modified", "ok")


def test_a_broken_cluster_costs_its_own_articles(tmp_path: Path) -> None:
    """One bad block of a disk must not cost the whole archive, nor end the crawl."""
    path = tmp_path / "g.zim"
    pages = {f"P{n:02}": " ".join(f"{n * 7919 + word:x}" for word in range(400)) for n in range(24)}
    write_zim(path, pages, cluster_bytes=4_000)
    whole = bytearray(path.read_bytes())
    for place in range(len(whole) // 10, len(whole) // 10 + 60):
        whole[place] ^= 0xFF
    path.write_bytes(whole)
    found = tally(night(settings_of(tmp_path, {"kind": "zim", "paths": [path]}), FIRST))
    assert found["damaged"] >= 1 and found["ok"] >= 8 and found["damaged"] + found["ok"] == 24


@pytest.mark.parametrize("content", [b"", b"not a ZIM file" * 40])
def test_a_file_that_is_no_zim_has_its_reason(tmp_path: Path, content: bytes) -> None:
    """A download that failed must be visible in the row of the file."""
    (tmp_path / "x.zim").write_bytes(content)
    assert tally(night(settings_of(tmp_path, {"kind": "zim", "paths": [tmp_path / "x.zim"]}), FIRST)) == {"damaged": 1}


def test_pages_of_a_copied_site_keep_their_own_addresses(tmp_path: Path) -> None:
    """Pages of a crawl in a ZIM file are the same pages as those of the site itself."""
    write_zim(tmp_path / "z.zim", {"docs.example/a": WORDS}, Scraper="zimit 2.1")
    assert "https://docs.example/a" in night(settings_of(tmp_path, {"kind": "zim", "paths": [tmp_path]}), FIRST)


@pytest.mark.slow
def test_killed_nights_of_a_copied_site_give_the_same_rows(tmp_path: Path) -> None:
    """A night that is killed within a file must not lose or repeat an article, nor keep one that was forbidden."""
    pages = {f"P{n:02}": f"{n} {WORDS}" for n in range(30)}
    write_zim(tmp_path / "g.zim", pages)
    source = {"kind": "zim", "paths": [str(tmp_path / "g.zim")]}

    def change() -> None:
        (tmp_path / "g.zim").unlink()
        kept = {name: html for name, html in pages.items() if name != "P08"}
        forbidden = "<meta name=robots content=noindex>" + pages["P09"]
        write_zim(tmp_path / "g.zim", kept | {"P07": f"Changed. {WORDS}", "P09": forbidden})

    first, second = survives_kills(tmp_path, source, seed=1, change=change)
    assert tally(first) == {"ok": 30, "redirected": 1, "collection": 1}
    assert tally(second) == {"not_modified": 27, "ok": 1, "gone": 1, "noindex": 1, "redirected": 1, "collection": 1}
