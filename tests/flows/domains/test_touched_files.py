"""A domain is added without a change anywhere else: no other source file uses a domain by its name."""

import re
from pathlib import Path

import pytest

from flows.domains import domains

ROOT = Path(__file__).parents[3]
SOURCES = [path for room in ("flows", "schemas", "sources", "warehouse") for path in (ROOT / room).rglob("*")]
TEXTS = {path: path.read_text("utf-8") for path in SOURCES if path.suffix in {".py", ".sql", ".toml"}}


@pytest.mark.parametrize("name", sorted(domains().keys() - {"search"}))
def test_only_its_own_folder_uses_a_domain(name: str) -> None:
    """Each further file would have to be found and changed for the next domain. The trial of a teacher uses search."""
    own = ROOT / "flows" / "domains" / name
    use = re.compile(rf"domains\.{name}\b|domain\(\W{name}\W\)|domain\W+= ?\W{name}\b")
    users = [
        str(path.relative_to(ROOT)) for path, text in TEXTS.items() if own not in path.parents and use.search(text)
    ]
    assert users == []
