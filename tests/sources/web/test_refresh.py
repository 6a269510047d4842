"""Where a page leads without a link: refreshes and frames."""

import pytest

from sources.http.fetch import FetchResult
from sources.web.refresh import frame_urls, refresh_target

URL = "http://a.example/dir/old"
NEW = "http://a.example/new"


def answer(body: str, **headers: str) -> FetchResult:
    return FetchResult("ok", headers={"content-type": "text/html"} | headers, body=body.encode())


@pytest.mark.parametrize(
    "body",
    [
        '<meta http-equiv="refresh" content="0; url=/new">',
        "<META HTTP-EQUIV=Refresh CONTENT='5;URL=\"/new\" trailing'>",
        "<meta content='0.5 , url = ../new' http-equiv = refresh>",
        "<meta http-equiv=refresh content='0; /new'>",
        "<base href=http://a.example/other/><meta http-equiv=refresh content='1;url=../new'>",
    ],
)
def test_a_refresh_is_followed(body: str) -> None:
    """A site that moved in this way would else be a row without text."""
    assert refresh_target(answer(f"<html><head>{body}</head><body></body></html>"), URL) == NEW


def test_a_refresh_header_is_followed() -> None:
    """Servers send it also with pages that are not HTML."""
    assert refresh_target(answer("", refresh="0; url=/new"), URL) == NEW


@pytest.mark.parametrize(
    "body",
    [
        '<meta http-equiv="refresh" content="300; url=/new">',
        '<meta http-equiv="refresh" content="0">',
        '<meta http-equiv="refresh" content="0; url=old">',
        '<noscript><meta http-equiv="refresh" content="0; url=/new"></noscript>',
        '<!-- <meta http-equiv="refresh" content="0; url=/new"> -->',
        "<p>http-equiv=refresh",
    ],
)
def test_a_page_that_stays_is_read(body: str) -> None:
    """A news page that reloads itself must not be taken for a redirect."""
    assert refresh_target(answer(f"<html><head>{body}</head><body>text</body></html>"), URL) is None


def test_frames_lead_on() -> None:
    """The text of a page of frames is in its frames."""
    frames = b'<frameset><frame src="nav"><FRAME src="/main"><frame></frameset>'
    assert frame_urls(frames, URL, inline=False) == ("http://a.example/dir/nav", "http://a.example/main")
    assert frame_urls(b"<iframe src=/main>", URL, inline=False) == ()
    assert frame_urls(b"<iframe src=/main>", URL, inline=True) == ("http://a.example/main",)
