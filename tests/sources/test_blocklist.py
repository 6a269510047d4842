"""The blocklist: hosts with their subdomains, and patterns, with the same meaning in Python and in SQL."""

import duckdb
import pytest

from flows.settings import Settings
from sources.blocklist import Blocklist
from sources.urls import NotCrawlable

BLOCKED = ["leaky.example", "10.0.0.7:8080", "huggingface.co/datasets/", r"^https?://[^/]*\.test/.*\.pdf$"]
URLS = {
    "https://leaky.example": "leaky.example",
    "http://www.LEAKY.example:81/a?b#c": "leaky.example",
    "https://user@mirror.leaky.example/x": "leaky.example",
    "https://notleaky.example/": None,
    "https://leaky.example.org/": None,
    "https://other.org/?to=https://leaky.example/": None,
    "http://10.0.0.7:8080/x": "10.0.0.7:8080",
    "http://10.0.0.7/x": None,
    "https://huggingface.co/datasets/a/b": "huggingface.co/datasets/",
    "https://huggingface.co/models": None,
    "http://a.test/b/c.pdf": r"^https?://[^/]*\.test/.*\.pdf$",
    "http://a.test/b/c.html": None,
}


@pytest.mark.parametrize(("url", "entry"), URLS.items())
def test_crawl_tools_and_gate_agree_on_every_url(url: str, entry: str | None) -> None:
    """A page that the tools show and the gate refuses costs a whole trajectory."""
    blocked = Blocklist(BLOCKED)
    assert blocked.blocking_entry(url) == entry
    in_sql = duckdb.execute("select regexp_matches($1, $2)", [url, blocked.pattern]).fetchall()
    assert in_sql == [(entry is not None,)]


def test_another_spelling_does_not_avoid_the_blocklist() -> None:
    """Agents write addresses from memory: without a scheme, with dot segments, in capitals."""
    blocked = Blocklist(BLOCKED)
    assert all(
        map(blocked.blocking_entry, ["leaky.example/x", " Leaky.Example ", "huggingface.co/models/../datasets/a"])
    )
    assert blocked.blocking_entry("a page about leaky.example") is None
    assert Blocklist().blocking_entry("https://leaky.example") is None and Blocklist().pattern is None


@pytest.mark.parametrize(
    "entry",
    [
        "", "(", "(?!x)y", r"(a)\1", "a++", "(?i)leaky", "(?a)x", "(?m)^a", "(?x) a b", "(?#c)x", "(?>ab)", "a{1,2000}",
        "x{,3}", "x{,}", r"leaky\Z", r"\A", r"\N{DIGIT ONE}", r"\u0041", "(?P<a>x)(?P=a)", "[[:alpha:]]", "a|", ".*",
        "x*", r"\p{L}", "x**",
    ],
)  # fmt: skip
def test_an_unusable_entry_is_refused_on_load(entry: str) -> None:
    """An entry on which the three engines differ would block in one place only, or everywhere."""
    with pytest.raises(NotCrawlable) as refused:
        Blocklist([entry, "example.com"])
    assert str(refused.value).startswith(f"blocked: {entry!r} cannot be used (")
    with pytest.raises(ValueError, match="blocked: "):
        Settings(blocklist=[entry])


@pytest.mark.parametrize("entries", [["(?P<a>x)y", "(?P<a>z)"], [f"host{n}.example.com" for n in range(20_000)]])
def test_entries_that_are_unusable_together_are_refused_on_load(entries: list[str]) -> None:
    """Otherwise the gate would fail after a night's crawl and rollout."""
    with pytest.raises(NotCrawlable, match=f"blocked: {len(entries)} entries"):
        Blocklist(entries)


@pytest.mark.parametrize(
    ("entry", "blocks", "passes"),
    [(r"x\{,3}y", "https://a.b/x{,3}y", "https://a.b/xxy"), (r"a\.b/\d+$", "https://a.b/12", "https://a.b/12/")],
)
def test_patterns_with_one_meaning_in_all_engines_are_accepted(entry: str, blocks: str, passes: str) -> None:
    """A usable pattern must not be refused because it looks unusual."""
    blocked = Blocklist([entry])
    assert (blocked.blocking_entry(blocks), blocked.blocking_entry(passes)) == (entry, None)
