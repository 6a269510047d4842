"""Orders the pages of the site: home, guides, reference, the rooms as a tree, and the project's own pages."""

from pathlib import Path
from typing import Any

from tests.site.gathered import pages, title
from tests.site.reference import PAGES

GUIDES = (
    "flows", "warehouse", "flows/rollout/engines", "sources", "flows/tasks", "flows/domains", "flows/refine",
    "flows/imports", "flows/publish", "flows/publish/views", "flows/rollout/capacity",
    "flows/schedule", "flows/engine",
)  # fmt: skip
"""Folders of the guides, in reading order."""
Item = dict[str, Any]


def navigation() -> list[Item]:
    """The tree of pages, as Zensical's `nav`: title -> page, or title -> list of such."""
    placed = pages()
    return [
        {"Horizon Factory": placed["README.md"]},
        {"Guides": [{title(page): placed[page]} for page in (f"{folder}/GUIDE.md" for folder in GUIDES)]},
        {"Reference": [{heading: place} for place, (heading, _) in PAGES.items()]},
        {"Rooms": [_room(Path(top), placed) for top in ("flows", "sources", "schemas", "warehouse", "tests")]},
        {"Project": [{title(page): place} for page, place in placed.items() if place.startswith("project/")]},
    ]


def _room(folder: Path, placed: dict[str, str]) -> Item:
    inside = sorted({Path(page).parent for page in placed if Path(page).is_relative_to(folder)} - {folder})
    below = [_room(child, placed) for child in inside if not set(child.parents) & set(inside)]
    own = placed.get(f"{folder}/README.md")
    return {folder.name: [*([own] if own else []), *below] if below else own}
