"""The HTTP client: checked addresses, limited decompression, and a result for every failure."""

import asyncio
import gzip
import zlib
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sources.http.decompress import BadCompression, Body, TooLarge
from sources.http.fetch import Client, Limits
from sources.http.network import Network
from tests.doubles.sites.plain_site import plain_site


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "fe80::1",
     "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fd00::1"],
)  # fmt: skip
def test_private_addresses_are_refused_unless_allowed(address: str) -> None:
    """Cloud metadata and private networks must be unreachable in every notation of an address."""
    assert not Network().permits(ip_address(address))
    assert Network.allowing([address]).permits(ip_address(address))
    assert Network().permits(ip_address("93.184.216.34"))


async def test_the_checked_address_is_the_one_connected_to() -> None:
    """A host name that resolves to a private address must be refused like the address itself."""
    with plain_site() as site:
        address_overrides = {"public.example": ("127.0.0.1", site.port)}
        for allowed, status in (([], "private_address"), (["127.0.0.1"], "ok")):
            async with Client(Limits("Test"), Network.allowing(allowed, address_overrides)) as client:
                assert (await client.get("http://public.example/")).status == status
        assert len(site.requests) == 1
        assert site.requests[0].headers["host"] == "public.example"
        assert site.requests[0].headers["user-agent"] == "test"


async def test_an_unknown_host_is_a_result_and_no_exception() -> None:
    """An exception of the resolver would end the crawl because of one bad link."""
    async with Client(Limits("Test", timeout_s=5), Network()) as client:
        reply = await asyncio.wait_for(client.get("http://no-such-host.invalid/"), 10)
    assert (reply.status, reply.retryable) == ("connect_failed", True)


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(1, 50))
def test_decompression_restores_the_body(pieces: list[bytes], step: int) -> None:
    """The size of the chunks must not matter, and a gzip body may have several members."""
    members = b"".join(gzip.compress(piece) for piece in pieces)
    assert _decompressed("gzip", members, step) == b"".join(pieces)
    whole = b"".join(pieces)
    assert _decompressed("deflate", zlib.compress(whole), step) == whole
    assert _decompressed("", whole, step) == whole


def test_decompression_stops_at_the_limit() -> None:
    """Ten megabytes of a compressed body can be ten gigabytes of zeros."""
    body = Body("gzip", 1_000_000)
    with pytest.raises(TooLarge):
        body.add(gzip.compress(bytes(50_000_000)))
    with pytest.raises(BadCompression):
        Body("compress", 10)


def _decompressed(encoding: str, packed: bytes, step: int) -> bytes:
    body = Body(encoding, 10_000)
    for start in range(0, len(packed), step):
        body.add(packed[start : start + step])
    assert body.complete()
    return body.whole()
