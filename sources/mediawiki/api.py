"""The API of a MediaWiki site: queries with continuation, maxlag, and errors as reason codes.

Each request carries `maxlag`, with which a busy site refuses work and names the seconds to wait.
"""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from sources.collections.collection import Refused
from sources.http.fetch import FetchResult
from sources.http.serial_requests import SerialRequests
from sources.mediawiki.titles import WikiAddresses
from sources.status_codes import Status, http_status

JSON_TYPES = frozenset({"application/json", "text/json"})
MAX_LAG_S = 5
"""Seconds that the site's database copies may lag behind before a request is put off."""
DEFAULT_WAIT_S = 5.0
_GONE = frozenset(("missingtitle", "nosuchpageid", "nosuchrevid", "pagecannotexist"))
_FORBIDDEN = frozenset(("permissiondenied", "readapidenied", "readrequired", "protectednamespace", "mustbeloggedin"))
_BUSY = frozenset(("maxlag", "ratelimited", "readonly", "internal_api_error_DBQueryTimeoutError"))


@dataclass(frozen=True)
class WikiSite:
    """The description of a wiki, from its siteinfo."""

    name: str
    lang: str | None
    license: str | None
    """url of its licence, else its name"""
    addresses: WikiAddresses
    content_namespaces: tuple[int, ...]


@dataclass(frozen=True)
class WikiApi:
    """One api.php."""

    url: str
    requests: SerialRequests

    async def get(self, parameters: Mapping[str, str]) -> dict[str, Any]:
        """Return the JSON object of one request. Raises Refused with the reason of the failure."""
        fixed = {"format": "json", "formatversion": "2", "maxlag": str(MAX_LAG_S)}
        result = await self.requests.get(f"{self.url}?{urlencode({**fixed, **parameters})}", JSON_TYPES, _busy_wait)
        if result.status != Status.OK:
            raise Refused(result.status, f"the API of the wiki: {result.detail}", transient=result.retryable)
        answer = _decoded(result)
        if answer is None:
            raise Refused(Status.PROTOCOL_ERROR, f"{self.url} answers no JSON object; set `api` to the wiki's api.php")
        if error := answer.get("error"):
            raise _refused(error if isinstance(error, dict) else {"info": error})
        return answer

    async def query(self, parameters: Mapping[str, str]) -> AsyncIterator[dict[str, Any]]:
        """Yield the `query` objects of a list, request by request until nothing is left to continue. Raises Refused."""
        more: dict[str, str] = {}
        while True:
            answer = await self.get({"action": "query", **parameters, **more})
            yield answer.get("query") or {}
            carried = answer.get("continue")
            if not carried:
                return
            if carried == more:
                raise Refused(Status.PROTOCOL_ERROR, "the API of the wiki continues at the same place for ever")
            more = {key: str(value) for key, value in carried.items()}

    async def site(self) -> WikiSite:
        """Request the wiki's name, licence, namespaces and addresses. Raises Refused, and see `expected_answers`."""
        answer = await self.get(
            {"action": "query", "meta": "siteinfo", "siprop": "general|namespaces|namespacealiases|rightsinfo"}
        )
        return _site(answer["query"], self.url)


@contextmanager
def expected_answers(url: str) -> Iterator[None]:
    """Raise Refused in place of the errors of a block that reads answers which are not shaped as MediaWiki's are."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        detail = f"{url} does not answer as MediaWiki does ({error!r}); set `api` to the wiki's api.php"
        raise Refused(Status.PROTOCOL_ERROR, detail[:500]) from error


def _decoded(result: FetchResult) -> dict[str, Any] | None:
    try:
        answer = json.loads(result.body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _busy_wait(result: FetchResult) -> float | None:
    answer = _decoded(result) if b'"error"' in result.body[:2_000] else None
    error = (answer or {}).get("error")
    if not isinstance(error, dict) or error.get("code") not in _BUSY:
        return None
    after = result.headers.get("retry-after", "")
    return float(after) if after.isdigit() else DEFAULT_WAIT_S


def _refused(error: Mapping[str, Any]) -> Refused:
    code = str(error.get("code"))
    detail = f"the API of the wiki: {code}: {error.get('info', '')}"[:500]
    if code in _GONE:
        return Refused(Status.GONE, detail)
    if code in _FORBIDDEN:
        return Refused(http_status(403), detail)
    return Refused(Status.HOST_UNAVAILABLE if code in _BUSY else Status.PROTOCOL_ERROR, detail, transient=code in _BUSY)


def _site(query: Mapping[str, Any], url: str) -> WikiSite:
    general, spaces = query["general"], query["namespaces"].values()
    rights = query.get("rightsinfo") or {}
    server = str(general["server"])
    server = f"{urlsplit(url).scheme}:{server}" if server.startswith("//") else server
    names = {
        str(space[key]).lower(): int(space["id"]) for space in spaces for key in ("name", "canonical") if space.get(key)
    }
    names |= {str(alias["alias"]).lower(): int(alias["id"]) for alias in query.get("namespacealiases", ())}
    addresses = WikiAddresses(server + str(general["articlepath"]), names, general.get("case") == "first-letter")
    content = tuple(sorted(int(space["id"]) for space in spaces if space.get("content")))
    license_name = rights.get("url") or rights.get("text") or None
    return WikiSite(str(general.get("sitename", "")), general.get("lang"), license_name, addresses, content or (0,))
