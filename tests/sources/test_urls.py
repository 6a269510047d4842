"""Normal form of urls: two spellings of one address give one page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.urls import NotCrawlable, Scope, normalise

LETTERS = st.text("abcXYZ019-._~ %/?#&=+:@é漢\\\n[](){}<>\"'|^`", max_size=40)


@pytest.mark.parametrize(
    ("spelling", "url"),
    [
        ("HTTP://Example.ORG:80/a/../b/./c?x=1#part", "http://example.org/b/c?x=1"),
        ("https://example.org:443", "https://example.org/"),
        ("http://example.org/%7euser/%e2%82%ac /é", "http://example.org/~user/%E2%82%AC%20/%C3%A9"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("//other.example/x", "http://other.example/x"),
        ("../up?", "http://site.example/up"),
        ("\n /in\tside ", "http://site.example/inside"),
    ],
)
def test_spellings_of_one_address_become_one(spelling: str, url: str) -> None:
    """A page with two spellings would be fetched, stored and counted twice."""
    assert normalise(spelling, within="http://site.example/dir/page") == url


@pytest.mark.parametrize(
    "url",
    ["mailto:a@b.c", "javascript:void(0)", "file:///etc/passwd", "http://user:pass@site.example/", "http://", "",
     "http://a b/", "http://[::1", "http://x:99999/", "http://site.example/" + "a" * 3_000],
)  # fmt: skip
def test_unfetchable_urls_have_no_normal_form(url: str) -> None:
    """Credentials, other schemes and invalid text must never reach the client."""
    assert normalise(url) is None


@given(LETTERS)
def test_normalising_twice_changes_nothing(text: str) -> None:
    """Otherwise a stored url and the same url in a later page would differ."""
    once = normalise(text, within="http://site.example/dir/")
    if once is not None:
        assert normalise(once) == once
        assert once.isascii() and "#" not in once and " " not in once


@given(st.text())
def test_no_text_raises_an_error(text: str) -> None:
    """A href can hold any text."""
    normalise(text)
    normalise(f"http://{text}")


def test_the_default_scope_is_the_hosts_of_the_seeds() -> None:
    """A crawl that follows links to other sites crawls the whole web."""
    scope = Scope.around(["http://a.example:8000/x"], [], [r"\.pdf$"])
    assert scope.admits("http://a.example:8000/y")
    assert not scope.admits("http://a.example/y") and not scope.admits("http://a.example:8000/y.pdf")
    assert Scope.around(["http://a.example/"], [r"^http://b\."], []).admits("http://b.example/")
    with pytest.raises(NotCrawlable, match=r"crawl\.deny"):
        Scope.around([], [], ["("])
