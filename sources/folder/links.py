"""The file that a link between files leads to, as a web server over the folder would find it.

Manuals link to folders (`intro/`), without a suffix (`intro`), or from the root of their site (`/intro.html`).
"""

from functools import lru_cache
from pathlib import Path

from sources.collections.files import path_of

INDEXES = ("index.html", "index.htm", "index.xhtml", "index.md", "README.md", "index.rst", "index.txt")
SUFFIXES = (".html", ".htm", ".md", ".rst", ".txt")


@lru_cache(maxsize=100_000)
def resolved(folder: Path, url: str) -> str:
    """Return the url of the file below the folder that a link leads to; the url as it is if there is none."""
    if not url.startswith("file:"):
        return url
    path = path_of(url)
    if not path.is_relative_to(folder):
        path = folder / path.relative_to(path.anchor)
    found = next((one for one in _candidates(path) if one.is_file()), None)
    return found.as_uri() if found else url


def _candidates(path: Path) -> list[Path]:
    by_suffix = [path.with_name(path.name + suffix) for suffix in SUFFIXES] if path.name else []
    return [path, *(path / name for name in INDEXES), *by_suffix]
