"""Lets only the person who started the pages read them: other users, other pages in the browser, other names refused.

A random token in the first address becomes a cookie. The Host header must be the address itself, so that a name that
a hostile site points at this machine (DNS rebinding) opens nothing. Headers forbid scripts, frames and other origins,
so that even a mistake in a template would run nothing.
"""

import hmac
from hashlib import sha256

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
MOST_BYTES = 100_000
"""Bytes of a form at most."""


class Guard:
    """The pages behind a token, on one address of this machine."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app, self._token, self._port = app, token, port
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._cookie = f"factory_view_{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            return
        request = Request(scope)
        answer = self._refusal(request) or self._entry(request) or self._app
        await answer(scope, receive, _with_headers(send))

    def _refusal(self, request: Request) -> Response | None:
        """The refusal of a request that another name or another page makes; None for one to consider."""
        host, origin = request.headers.get("host", ""), request.headers.get("origin")
        if host not in self._hosts:
            return PlainTextResponse("This address answers under its own name only.", 421)
        if request.method not in ("GET", "HEAD", "POST"):
            return PlainTextResponse("Only GET and POST are answered.", 405)
        if request.method == "POST" and origin not in (None, f"http://{host}"):
            return PlainTextResponse("The form of another page is refused.", 403)
        length = request.headers.get("content-length", "0")
        if request.method == "POST" and not (length.isdecimal() and int(length) <= MOST_BYTES):
            return PlainTextResponse("The form is too long.", 413)
        return None

    def _entry(self, request: Request) -> Response | None:
        """Exchange the token of an address for the cookie; None if the cookie is there."""
        offered = request.query_params.get("token")
        if offered is not None and same(offered, self._token):
            rest = request.url.remove_query_params("token")
            entry = RedirectResponse(rest.path + (f"?{rest.query}" if rest.query else ""), 303)
            entry.set_cookie(self._cookie, self._token, httponly=True, samesite="strict")
            return entry
        if same(request.cookies.get(self._cookie, ""), self._token):
            return None
        return PlainTextResponse("Open the address that `factory view` printed: it holds the token.", 401)


def form_token(token: str) -> str:
    """The token that each form carries, which no other page can know."""
    return hmac.new(token.encode(), b"form", sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two secrets in a time that does not depend on where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sending
