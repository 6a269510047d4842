"""Forms of an address: without parameters that only track a visit, and as the one form of its spellings on a server.

`url_parameters.toml` lists the parameters. A link to a page with one of them is a link to the page without it, so that
a page is fetched once and not once a visitor.
"""

import re
import tomllib
from importlib.resources import files
from urllib.parse import urlsplit, urlunsplit

from sources.urls import normalise

_TABLE = tomllib.loads(files("sources").joinpath("url_parameters.toml").read_text("utf-8"))
TRACKING = frozenset(_TABLE["tracking"] + _TABLE["sessions"])
TRACKING_PREFIXES = (*_TABLE["tracking_prefixes"], "aspsessionid")
SESSION_OR_CONTENT = frozenset(_TABLE["sessions_or_content"])
SESSION_VALUE = re.compile(r"(?=[a-z]*\d)(?=\d*[a-z])[a-z0-9_-]{20,128}", re.IGNORECASE)

_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sessionid|sid)=[^/;?]*", re.IGNORECASE)
_ASP_SESSION = re.compile(r"/\((?:[A-Z]\([A-Za-z0-9_-]+\))+\)(?=/)")
_INDEX = re.compile(r"/(?:index|default|home)\.(?:html?|xhtml|shtml|php\d?|aspx?|jsp|cfm)$", re.IGNORECASE)
_DIGITS = re.compile(r"\d+")


def link_target(href: str, within: str | None = None) -> str | None:
    """Return the normal form of a link's target, without tracking parameters and session ids; None if it is no url."""
    url = normalise(href, within=within)
    if url is None or not any(mark in url for mark in "?;("):
        return url
    parts = urlsplit(url)
    path = _ASP_SESSION.sub("", _PATH_SESSION.sub("", parts.path))
    kept = [one for one in parts.query.split("&") if not _is_tracking(one)]
    return urlunsplit((parts.scheme, parts.netloc, path or "/", "&".join(kept), ""))


def address_form(url: str) -> str:
    """Return what all usual spellings of one address have in common; equal forms may still be different pages.

    Scheme, `www.`, the name of an index file, a final slash and the order of parameters do not count.
    """
    parts = urlsplit(url)
    path = _INDEX.sub("", parts.path).rstrip("/")
    query = "?" + "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    return site_of(url) + path + query


def site_of(url: str) -> str:
    """Return host and port of a normalised url, without `www.`."""
    return urlsplit(url).netloc.removeprefix("www.")


def url_pattern(url: str) -> str:
    """Return the pattern that urls of one kind share: numbers are `#`, and parameters have no values."""
    parts = urlsplit(url)
    names = sorted({_DIGITS.sub("#", one.partition("=")[0]) for one in parts.query.split("&") if one})
    return f"{parts.netloc}{_DIGITS.sub('#', parts.path)}" + (f"?{'&'.join(names)}" if names else "")


def _is_tracking(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    name = name.lower()
    if name in TRACKING or name.startswith(TRACKING_PREFIXES):
        return True
    return name in SESSION_OR_CONTENT and SESSION_VALUE.fullmatch(value) is not None
