"""Path patterns of robots.txt (RFC 9309, 2022), which TDMRep and Content-Usage share: `*` is any text, `$` the end.

Matching takes time linear in the path for each `*`, since patterns come from servers that nobody vouches for.
"""

from urllib.parse import urlsplit

from sources.urls import normalise


def path_of(url: str) -> str:
    """Return path and query of a normalised url, which patterns are matched against."""
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def matches(pattern: str, path: str) -> bool:
    """True if the pattern matches a beginning of the path; case counts. An empty pattern matches nothing."""
    anchored = pattern.endswith("$")
    head, *pieces = _spelled(pattern.removesuffix("$")).split("*")
    if not pattern or not path.startswith(head):
        return False
    if not pieces:
        return not anchored or path == head
    place = len(head)
    for piece in pieces[:-1]:
        found = path.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    last = pieces[-1]
    return path.endswith(last) and len(path) - len(last) >= place if anchored else path.find(last, place) >= 0


def _spelled(pattern: str) -> str:
    """The pattern with the percent-encoding of normalised urls."""
    literal = pattern if pattern.startswith(("/", "*")) else f"/{pattern}"
    return "*".join(_encoded(piece) for piece in literal.split("*"))


def _encoded(piece: str) -> str:
    marked = normalise(f"http://host/x{piece.replace('/', '%2F')}")
    return marked.removeprefix("http://host/x").replace("%2F", "/") if marked else piece
