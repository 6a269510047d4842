"""Licenses are found where pages state them, and have one name however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.rights.licenses import license_name
from sources.rights.page_markup import PageMarkup
from sources.text.extract import Layout, extract

URL = "http://site.example/dir/page.html"
CC = "https://creativecommons.org/licenses"


@pytest.mark.parametrize(
    ("written", "spdx"),
    [
        (f"{CC}/by-sa/4.0/deed.en", "CC-BY-SA-4.0"),
        ("http://www.creativecommons.org/licenses/by/3.0/us/", "CC-BY-3.0-US"),
        (f"{CC}/by/3.0/fr/", "CC-BY-3.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("Creative Commons Attribution-NonCommercial-NoDerivs 3.0 Unported", "CC-BY-NC-ND-3.0"),
        ("This page is under CC BY-SA 4.0.", "CC-BY-SA-4.0"),
        ("cc-by-4.0", "CC-BY-4.0"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("https://opensource.org/license/bsd-3-clause/", "BSD-3-Clause"),
        ("https://www.gnu.org/licenses/fdl-1.3.html", "GFDL-1.3-only"),
        ("MIT  License", "MIT"),
        ("mit or apache-2.0", "MIT OR Apache-2.0"),
        ("All rights reserved", "All rights reserved"),
        ("https://site.example/terms", "https://site.example/terms"),
    ],
)
def test_addresses_and_names_become_spdx_ids(written: str, spdx: str) -> None:
    """`publish.licenses` names a license once; another spelling of it would pass by the rule."""
    assert license_name(written) == spdx


@given(st.text(max_size=400))
def test_a_name_is_one_short_line_and_stays_as_it_is(text: str) -> None:
    """A license column that holds a page's whole footer, or changes when it is read again, cannot be matched."""
    once = license_name(text)
    assert license_name(once) == once and "\n" not in once and len(once) <= 400


def _markup(head: str = "", body: str = "") -> PageMarkup:
    text = f"<p>{'The keeper trims the lamp. ' * 20}</p>"
    html = f"<html><head><title>T</title>{head}</head><body>{text}{body}</body></html>"
    return extract(html.encode(), "text/html", "text/html; charset=utf-8", URL, Layout()).markup


@pytest.mark.parametrize(
    ("head", "body", "licenses"),
    [
        (f'<link rel="license" href="{CC}/by/4.0/">', "", ("CC-BY-4.0",)),
        ("", f'<a rel="nofollow License" href="{CC}/by-sa/3.0/">terms</a>', ("CC-BY-SA-3.0",)),
        (
            '<script type="application/ld+json">{"@graph": [{"@type": "ImageObject", "license": "MIT"},'
            f' {{"@type": "Article", "license": {{"@id": "{CC}/by-nd/4.0/"}}}}]}}</script>',
            "",
            ("CC-BY-ND-4.0",),
        ),
        ("", f'<div itemscope><link itemprop="license" href="{CC}/by-nc/4.0/"></div>', ("CC-BY-NC-4.0",)),
        ('<meta name="DC.Rights" content="Creative Commons Attribution 4.0 International">', "", ("CC-BY-4.0",)),
        ("", f'<footer>Text under <a href="{CC}/by/2.5/">CC</a></footer>', ("CC-BY-2.5",)),
        ("", f'<p>We like <a href="{CC}/by/2.5/">this license</a> a lot.</p>', ()),
        ("", f'<figure><a rel=license href="{CC}/by/2.0/">photo</a></figure>', ()),
        ('<meta name="copyright" content="Acme Ltd, all rights reserved">', "", ("Acme Ltd, all rights reserved",)),
        ('<script type="application/ld+json">{"license": [[[</script>', "", ()),
        (f'<link rel=license href="{CC}/by/4.0/"><link rel=license href="/mit">', "", ("CC-BY-4.0", "http://site.example/mit")),
    ],
)  # fmt: skip
def test_a_page_states_its_license_in_many_places(head: str, body: str, licenses: tuple[str, ...]) -> None:
    """A license that is not found cannot be allowed; one of a photograph is not that of the text."""
    assert _markup(head, body).licenses == licenses


def test_the_author_is_kept_for_attribution() -> None:
    """A license with attribution cannot be fulfilled without the name."""
    linked = '<script type="application/ld+json">{"@type": "Article", "author": [{"name": "Ada  Keeper"}]}</script>'
    site = '<meta property="og:site_name" content="Lamp Wiki">'
    assert _markup(site + linked).attribution == "Ada Keeper"
    assert _markup(site).attribution == "Lamp Wiki"
