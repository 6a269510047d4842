"""robots.txt as sites write and send it: encodings, agents, sizes, and failures that pass."""

import asyncio
import gzip
from asyncio import StreamWriter

import brotli
import pytest

from sources.http.fetch import Client, FetchResult, Limits
from sources.http.network import Network
from sources.http.rate_limit import HostQueue
from sources.http.robots import RobotsRules, fetch_rules, product_token
from tests.doubles.sites.plain_site import Request, response, running_site

DENIED = "User-agent: *\nDisallow: /\nSitemap: /map.xml\nSitemap: http://cdn.example/map.xml\n"


def rules_of(reply: bytes) -> RobotsRules:
    """Fetch robots.txt from a server that answers with these bytes."""

    async def handle(request: Request, writer: StreamWriter) -> None:
        writer.write(reply)

    async def fetched(home: str) -> RobotsRules:
        async with Client(Limits("Test"), Network.allowing(["127.0.0.1"])) as client:
            return await fetch_rules(client, f"{home}/page", "AcmeBot/1.0")

    with running_site(handle) as site:
        return asyncio.run(fetched(site.home))


@pytest.mark.parametrize(
    "reply",
    [
        response(DENIED, "text/plain"),
        response(b"\xef\xbb\xbf" + DENIED.encode(), "text/plain"),
        response(DENIED.encode("utf-16"), "text/plain"),
        response(DENIED.encode("utf-16-le"), "text/plain"),
        response(DENIED.encode("utf-16-be"), "text/plain"),
        response(brotli.compress(DENIED.encode()), "text/plain", Content_Encoding="br"),
        response(gzip.compress(DENIED.encode()), "text/plain"),
        response(DENIED + "# filler\n" * 100_000, "text/html"),
        b"HTTP/1.1 200 OK\r\nContent Policy: x\r\n\r\n" + DENIED.encode(),
    ],
)
def test_a_robots_txt_in_any_encoding_is_obeyed(reply: bytes) -> None:
    """A site that forbids crawling must not be crawled because of a byte order mark or its size."""
    refused = rules_of(reply).refusal("http://a.example/page")
    assert refused is not None and refused[0] == "robots_denied"


def test_sitemaps_of_robots_txt_are_absolute_urls() -> None:
    """A relative address in it is of no use; those on other hosts are allowed by the protocol."""
    assert rules_of(response(DENIED, "text/plain")).sitemaps == ("http://cdn.example/map.xml",)


@pytest.mark.parametrize("status", ["503 Busy", "429 Too Many", "500 Oh"])
def test_a_robots_txt_that_fails_forbids_all_and_may_be_asked_for_again(status: str) -> None:
    """Pages that a site forbids must not be fetched because its robots.txt was busy."""
    rules = rules_of(response("busy", status=status))
    assert rules.refusal("http://a.example/") is not None and rules.failure is not None
    assert rules_of(response("none", status="404 Not Found")).refusal("http://a.example/") is None


@pytest.mark.parametrize(
    ("user_agent", "token"),
    [
        ("AcmeBot/1.0", "AcmeBot"),
        ("AcmeBot", "AcmeBot"),
        ("AcmeBot/1.0 (+https://acme.example/bot; bot@acme.example)", "AcmeBot"),
        ("Mozilla/5.0 (compatible; AcmeBot/1.0; +https://acme.example)", "AcmeBot"),
        ("Mozilla/5.0 AppleWebKit/537.36 (KHTML; compatible; Acme-Bot/2.0) Chrome/99.0 Safari/1", "Acme-Bot"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/5 (KHTML, like Gecko) Chrome/1 Safari/1 AcmeBot/1.0", "AcmeBot"),
        ("Mozilla/5.0 (X11; Linux x86_64)", "Mozilla"),
    ],
)  # fmt: skip
def test_the_product_token_is_the_crawler_s_own_name(user_agent: str, token: str) -> None:
    """Rules for the crawler would else be missed, or those for Mozilla be taken for its own."""
    assert product_token(user_agent) == token


def test_a_failed_robots_txt_is_retried_and_asked_for_again_later() -> None:
    """A host must not be lost for the night because of one busy moment, nor hold up the end of the crawl for long."""
    host = HostQueue[str]("http://a.example", 2, 0.0)
    busy = FetchResult("http_503", retryable=True, retry_after_s=1.0)
    assert [host.postpone_robots(busy, 2) for _ in range(2)] == [True, True]
    assert not host.waits_for_robots(2)
    assert host.postpone_robots(busy, 2) and host.waits_for_robots(2)
    later = host.next_start
    host.ask_robots_last()
    assert host.next_start < later - 10
    assert not host.postpone_robots(busy, 2)
    patient = HostQueue[str]("http://b.example", 2, 0.0)
    assert not patient.postpone_robots(FetchResult("http_503", retryable=True, retry_after_s=86_400.0), 2)
