"""Decompression in chunks of any size: the body is the same, and bytes that follow a compressed stream are ignored."""

import gzip
import sys
import zlib
from collections.abc import Callable

import brotli
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sources.http.decompress import BadCompression, Body

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress,
}  # fmt: skip
LARGE = [bytes(range(256)) * 4_000, bytes(3_000_000), b""]


def unpacked(coding: str, sent: bytes, cuts: list[int]) -> Body:
    """Unpack a body that arrives in the chunks between these cuts."""
    body = Body(coding, 10_000_000)
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(sent)], strict=True):
        body.add(sent[start:end])
    return body


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(PACKERS)), st.binary(max_size=300), st.binary(max_size=20), st.data())
def test_a_body_is_read_up_to_the_end_of_its_stream(
    coding: str, content: bytes, behind: bytes, data: st.DataObject
) -> None:
    """Servers and their filters append line breaks and comments; a browser shows the page all the same."""
    magic = {"gzip": b"\x1f", "zstd": b"\x28"}.get(coding, b"\xff" * 99)  # further members are read, not ignored
    sent = PACKERS[coding](content) + behind.lstrip(magic)
    cuts = data.draw(st.lists(st.integers(0, len(sent)), max_size=5))
    body = unpacked(coding, sent, cuts)
    assert body.whole() == content and body.complete()


@pytest.mark.parametrize("place", range(len(LARGE)))
@pytest.mark.parametrize("behind", [b"", b"\r\n"])
def test_a_body_that_unpacks_to_many_steps_is_whole(place: int, behind: bytes) -> None:
    """Repetitive pages, such as tables, shrink to some bytes; the half of one would pass for a page that was cut."""
    sent = brotli.compress(LARGE[place]) + behind
    for cuts in ([], [len(sent) // 2], [len(sent) - 1]):
        body = unpacked("br", sent, cuts)
        assert hash(body.whole()) == hash(LARGE[place]) and body.complete()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 200), st.integers(1, 255), st.lists(st.integers(0, 200), max_size=3))
def test_a_damaged_brotli_body_is_refused_or_cut(place: int, change: int, cuts: list[int]) -> None:
    """Noise that passes for a page would be trained on, or a page would be given twice."""
    sent = bytearray(brotli.compress(bytes(byte * 7919 % 251 for byte in range(400)), quality=1))
    sent[place % len(sent)] ^= change
    try:
        body = unpacked("br", bytes(sent), [min(cut, len(sent)) for cut in cuts])
    except BadCompression:
        return
    assert len(body.whole()) <= 1_000_000


def test_a_body_that_is_no_brotli_says_so() -> None:
    """The reason is the error of the first failure, also when the body is read a second time."""
    with pytest.raises(BadCompression, match="not br"):
        unpacked("br", b"<html>" * 100, [5])
