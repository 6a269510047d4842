"""Imports between the rooms of sources run one way, and no source imports another one."""

from tests.house.shape import module_graph

SHARED = {
    "protocol",
    "crawl_run",
    "frontier",
    "archive",
    "http",
    "text",
    "privacy",
    "urls",
    "status_codes",
    "blocklist",
}
ALLOWED = {
    "registry": {"protocol", "web", "folder", "pydoc_site"},
    "protocol": {"crawl_run", "frontier"},
    "crawl_run": {"frontier", "archive", "http", "text", "blocklist"},
    "frontier": {"text", "status_codes"},
    "archive": {"http", "text", "privacy", "urls"},
    "http": {"urls", "status_codes"},
    "text": {"privacy", "urls", "status_codes"},
    "index": {"blocklist"},
    "blocklist": {"urls"},
    "privacy": set[str](),
    "urls": set[str](),
    "status_codes": set[str](),
    "pydoc_site": SHARED | {"web"},
}
"""Room → rooms that it may import; a room that is not listed is a source, which may import SHARED."""


def test_rooms_of_sources_import_in_one_direction() -> None:
    """A source that needs another one, or a client that needs a source, cannot be added or replaced on its own."""
    wrong = []
    for module, targets in module_graph().items():
        if module.startswith("sources."):
            room = module.split(".")[1]
            found = {target.split(".")[1] for target in targets if target.startswith("sources.")}
            wrong += [f"{module} imports {target}" for target in found - {room} - ALLOWED.get(room, SHARED)]
    assert wrong == []
