"""Statements of sites about the use of their pages are read as the specifications of each statement define it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.rights.declarations import EVERY_DIRECTIVE, Declarations, SiteRights, declared
from sources.rights.directives import from_header, from_meta
from sources.rights.page_markup import PageMarkup
from sources.rights.path_pattern import matches
from sources.rights.tdm import read_tdm_file
from sources.rights.usage_preferences import from_headers, from_robots

AGENT = "AcmeBot"
URL = "http://site.example/docs/page?x=1"


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("noindex", {"noindex"}),
        ("NOINDEX, NoFollow", {"noindex", "nofollow"}),
        ("none", {"noindex", "nofollow"}),
        ("noindex nofollow", {"noindex", "nofollow"}),
        ("index,follow,max-snippet:-1, noai; noimageai", {"noai", "noimageai"}),
        ("unavailable_after: Sunday, 06-Nov-94 08:49:37 GMT, noml", {"noml"}),
        ("all", set()),
    ],
)
def test_a_meta_element_is_read_without_regard_to_case_and_separators(content: str, names: set[str]) -> None:
    """A directive that is spelled as sites spell it, and is not seen, puts a forbidden page into the release."""
    assert from_meta([("robots", content)], AGENT).names == names


def test_directives_for_other_robots_do_not_apply_and_those_for_this_one_do() -> None:
    """Without names, a page that only asks one search engine to stay away would be lost, or ours would be ignored."""
    assert from_meta([("googlebot", "noindex"), ("acmebot", "noai"), ("robots", "noml")], AGENT).names == {
        "noai",
        "noml",
    }
    header = ["googlebot: noindex, noml", "acmebot: nofollow", "noai"]
    assert from_header(header, AGENT).names == {"nofollow", "noai"}
    assert from_header(["noindex, otherbot: noai, nofollow"], AGENT).names == {"noindex"}
    assert from_header(["unavailable_after: 2026-01-02, noindex"], AGENT).names == {"noindex"}


@pytest.mark.parametrize(
    "written",
    [
        "25 Jun 2010 15:00:00 PST",
        "Friday, 25 Jun 2010 23:00:00 GMT",
        "Friday, 25-Jun-10 23:00:00 GMT",
        "2010-06-25T15:00:00-08:00",
    ],
)
def test_a_date_of_any_usual_form_ends_a_page(written: str) -> None:
    """News sites date their pages in four forms; one that is not read keeps a page that was to vanish."""
    found = from_header([f"unavailable_after: {written}, noindex"], AGENT)
    assert found.unavailable_after == datetime(2010, 6, 25, 23, tzinfo=UTC)
    assert from_meta([("robots", "unavailable_after: some day")], AGENT).unavailable_after is None


def test_preferences_of_robots_txt_are_those_of_the_group_and_of_the_longest_path() -> None:
    """A site that refuses training for all robots but ours, or for one folder, states that by group and path."""
    text = (
        "\ufeffUser-agent: *\nContent-Signal: search=yes, ai-train=no # ours\nContent-Usage: /open/ train-ai=y\n"
        "Disallow: /x\n\nUser-agent: AcmeBot\nUser-agent: Other\nAllow: /\nContent-Signal: ai-input=no\n"
    )
    others = from_robots(text, "Unnamed")
    assert others.of("http://s.example/a") == {"search": True, "ai-train": False}
    assert others.of("http://s.example/open/a") == {"ai-train": True}
    assert from_robots(text, AGENT).of("http://s.example/a") == {"ai-input": False}
    assert from_robots("Content-Signal: ai-train=no\n", AGENT).of(URL) == {}


def test_content_usage_is_a_structured_dictionary() -> None:
    """The draft gives a repeated key its last value, and an invalid dictionary no meaning at all."""
    assert from_headers("", 'train-ai=n, x="a b";q=1, search=y') == {"ai-train": False, "search": True}
    assert from_headers("", "train-ai=n, train-ai=y") == {"ai-train": True}
    assert from_headers("", "train-ai=n, train-ai") == {} == from_headers("", "Train-AI=n")
    assert from_headers("ai-train=yes", "train-ai=n") == {"ai-train": False}


def test_a_reservation_of_the_page_replaces_that_of_the_header_and_of_the_file() -> None:
    """TDMRep gives the more specific place the last word, in both directions."""
    file = read_tdm_file(
        b'\xef\xbb\xbf[{"location": "/docs/*.jpg$", "tdm-reservation": 0}, 7, {"location": "/docs/",'
        b' "tdm-reservation": 1, "tdm-policy": "https://site.example/policy.json"},'
        b' {"location": "/docs/page", "tdm-reservation": 0}]'
    )
    site = SiteRights(AGENT, reservations=file)
    of_file = declared(URL, PageMarkup(), {}, site).reservation
    assert (of_file.reserved, of_file.policy) == (True, "https://site.example/policy.json")
    assert declared("http://site.example/docs/a.jpg", PageMarkup(), {}, site).reservation.reserved is False
    assert declared("http://site.example/other", PageMarkup(), {}, site).reservation.reserved is None
    header = {"tdm-reservation": "0"}
    assert declared(URL, PageMarkup(), header, site).reservation.reserved is False
    page = PageMarkup(metas=(("tdm-reservation", "1"),))
    assert declared(URL, page, header, site).reservation.reserved is True
    assert read_tdm_file(b"<html>") == read_tdm_file(b"{}") == read_tdm_file(b"[" * 100_000)


def test_each_directive_refuses_with_its_own_reason_unless_it_is_not_obeyed() -> None:
    """A team that has a license sets one directive aside, and still obeys the others."""
    stated = {
        "noindex": "noindex", "noai": "noai", "noml": "noml", "unavailable_after: 2001-01-01": "unavailable_after",
    }  # fmt: skip
    for content, status in stated.items():
        one = _declared(metas=(("robots", content),))
        assert (one.refusal(EVERY_DIRECTIVE) or ("",))[0] == status
        assert one.refusal([name for name in EVERY_DIRECTIVE if name != status]) is None
    assert _declared(metas=(("robots", "noimageai, nofollow"),)).refusal(EVERY_DIRECTIVE) is None
    assert (_declared(metas=(("tdm-reservation", "1"),)).refusal(EVERY_DIRECTIVE) or ("",))[0] == "tdm_reserved"


def _declared(metas: tuple[tuple[str, str], ...]) -> Declarations:
    return declared(URL, PageMarkup(metas=metas), {}, SiteRights(AGENT))


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/", "/a", True), ("/a", "/ab", True), ("/a$", "/ab", False), ("/a$", "/a", True), ("", "/a", False),
        ("/*.pdf$", "/x/y.pdf", True), ("/*.pdf$", "/x/y.pdf?z", False), ("/a*b*c", "/a1b2c3", True),
        ("/a*b$", "/ab", True), ("/a*ab$", "/ab", False), ("*", "/", True), ("/ü", "/%C3%BCber", True),
        ("/%7Ea", "/~a", True),
    ],
)  # fmt: skip
def test_path_patterns_match_as_in_robots_txt(pattern: str, path: str, expected: bool) -> None:
    """A pattern that matches too little lets reserved pages through."""
    assert matches(pattern, path) is expected


@given(st.text(max_size=60), st.text(max_size=200))
def test_no_statement_of_a_server_ends_the_crawl(first: str, second: str) -> None:
    """Headers, robots.txt and patterns come from servers, in any form."""
    declared(URL, PageMarkup(metas=(("robots", first), ("x-robots-tag", second))), {
        "x-robots-tag": f"{first}\n{second}", "content-usage": first, "content-signal": second, "tdm-policy": first,
    }, SiteRights(AGENT, from_robots(f"user-agent: *\ncontent-usage: {second}", AGENT)))  # fmt: skip
    matches(first, second)
    read_tdm_file(second.encode("utf-8", "replace"))
