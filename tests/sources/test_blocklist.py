"""What is blocked: hosts with their subdomains, and patterns, alike in Python and in SQL."""

import duckdb
import pytest

from flows.settings import Settings
from sources.address import NotCrawlable
from sources.blocklist import Blocklist

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
    """A url that the gate refuses and the tools show costs a whole trajectory."""
    blocked = Blocklist(BLOCKED)
    assert blocked.why(url) == entry
    answered = duckdb.execute("select regexp_matches($1, $2)", [url, blocked.pattern]).fetchall()
    assert answered == [(entry is not None,)]


def test_an_agent_cannot_pass_by_spelling() -> None:
    """Agents write addresses from memory: without a scheme, with dots to walk up, in capitals."""
    blocked = Blocklist(BLOCKED)
    assert all(map(blocked.why, ["leaky.example/x", " Leaky.Example ", "huggingface.co/models/../datasets/a"]))
    assert blocked.why("a page about leaky.example") is None
    assert Blocklist().why("https://leaky.example") is None and Blocklist().pattern is None


@pytest.mark.parametrize("entry", ["", "(", "(?!x)y", r"(a)\1", "a++"])
def test_an_entry_that_cannot_be_used_is_named_before_any_work(entry: str) -> None:
    """An entry that one of the three engines reads otherwise would block in one place only."""
    with pytest.raises(NotCrawlable, match="blocked: "):
        Blocklist([entry])
    with pytest.raises(ValueError, match="blocked: "):
        Settings(blocked=[entry])
