"""Cookies that redirects set: some sites redirect until the cookie comes back, and would be lost without it.

Cookies of ordinary pages are not kept, so that a page does not depend on the pages fetched before it.
They stay in memory for one crawl.
"""

from collections.abc import Iterable
from email.message import Message
from http.cookiejar import CookieJar
from urllib.request import Request

MAX_COOKIES = 20
"""Cookies kept of one response."""
MAX_COOKIE_CHARS = 4_096
MAX_HEADER_CHARS = 8_192
"""A longer Cookie header is not sent: servers refuse it."""
MAX_KEPT = 20_000
"""Cookies of one crawl; with more, all are forgotten."""


class RedirectCookies:
    """The cookies of one crawl, by domain and path."""

    def __init__(self) -> None:
        self._jar = CookieJar()

    def header(self, url: str) -> str | None:
        """Return the Cookie header for a request to this url, or None."""
        if not len(self._jar):
            return None
        request = Request(url)  # noqa: S310 - never opened
        self._jar.add_cookie_header(request)
        header = request.get_header("Cookie")
        return header if header and len(header) <= MAX_HEADER_CHARS and header.isascii() else None

    def keep(self, url: str, set_cookie: Iterable[str]) -> bool:
        """Keep the cookies of a redirect from this url; True if a request to it has another Cookie header now."""
        before = self.header(url)
        response = _Response([value for value in set_cookie if len(value) <= MAX_COOKIE_CHARS][:MAX_COOKIES])
        self._jar.extract_cookies(response, Request(url))  # type: ignore[arg-type]  # noqa: S310 - never opened
        if len(self._jar) > MAX_KEPT:
            self._jar.clear()
        return self.header(url) != before


class _Response:
    """The part of a response that the standard library's cookie jar reads."""

    def __init__(self, set_cookie: Iterable[str]) -> None:
        self._message = Message()
        for value in set_cookie:
            self._message["Set-Cookie"] = value

    def info(self) -> Message:
        return self._message
