"""Gathers the pages of the site from the repository: every README.md and GUIDE.md, and those of `.github/`.

A page keeps its folder; README.md becomes the folder's index, and `.github/` becomes `project/`. Links follow their
pages, and a path in backticks that names a page or a room becomes a link to it.
"""

import os
import re
from pathlib import Path

from tests.house.places import ROOMS, ROOT, files, name

PROJECT = ".github"
_FENCE = re.compile(r"(^ *```.*?^ *```$)", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(`[^`\n]*`)|\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)]*)?\)")
_SPAN = re.compile(r"(?<![\[`])`([\w./-]+)`(?![\]`])")


def pages() -> dict[str, str]:
    """Path of each page in the repository -> its path in the site."""
    found = [name(path) for path in files(".md", ROOMS) if path.name in ("README.md", "GUIDE.md")]
    found += ["README.md", *(f"{PROJECT}/{path.name}" for path in sorted((ROOT / PROJECT).glob("*.md")))]
    return {page: re.sub(r"README\.md$", "index.md", re.sub(rf"^{PROJECT}/", "project/", page)) for page in found}


def gather(docs: Path) -> None:
    """Write every page, and the files that pages link to, below `docs`."""
    placed = pages()
    for page, place in placed.items():
        parts = _FENCE.split((ROOT / page).read_text("utf-8"))
        text = "".join(part if _FENCE.match(part) else _linked(part, page, placed, docs) for part in parts)
        target = docs / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, "utf-8")


def title(page: str) -> str:
    """The text of a page's first heading, up to its colon."""
    heading = re.search(r"^# (.+)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    return (heading[1] if heading else page).partition(": ")[0].replace("`", "")


def _linked(text: str, page: str, placed: dict[str, str], docs: Path) -> str:
    """The text of a page outside code, with its links at their places in the site."""

    def relative(target: str) -> str:
        return os.path.relpath(placed.get(target, target), Path(placed[page]).parent)

    def of_link(match: re.Match[str]) -> str:
        if match[1]:
            return match[1]
        target = os.path.normpath(Path(page).parent / match[2])
        if target not in placed and (ROOT / target).is_file():
            (docs / target).parent.mkdir(parents=True, exist_ok=True)
            (docs / target).write_bytes((ROOT / target).read_bytes())
        return f"]({relative(target)}{match[3] or ''})"

    def of_span(match: re.Match[str]) -> str:
        target = _page_of(match[1], page, placed)
        return f"[`{match[1]}`]({relative(target)})" if target else match[0]

    moved = _LINK.sub(of_link, text)
    return "\n".join(line if line.startswith("#") else _SPAN.sub(of_span, line) for line in moved.split("\n"))


def _page_of(span: str, page: str, placed: dict[str, str]) -> str | None:
    """The page that a path in backticks names, from the page's own folder or the top; None if there is none."""
    if "/" not in span and span != "GUIDE.md":
        return None
    for folder in (Path(page).parent, Path()):
        for target in (folder / span, folder / span / "README.md"):
            if (path := os.path.normpath(target)) in placed and path != page:
                return path
    return None
