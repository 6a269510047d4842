"""The documentation site builds without a broken link, and its reference is whole."""

import re
from pathlib import Path

import pytest
from typer.main import get_command

from flows.cli import app
from flows.settings import Settings
from tests.house.places import CODE_ROOMS, ROOT
from tests.site import reference
from tests.site.build import build
from tests.site.gathered import pages
from tests.site.navigation import GUIDES, navigation
from warehouse.connect import view_names

pytestmark = pytest.mark.slow
REMOTE = re.compile(r"""<(?:script|link|img|iframe)[^>]*\b(?:src|href)=["']?(https?:[^"' >]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("site"))


def test_every_page_is_built(site: Path) -> None:
    """A README that the site leaves out is found by no search of it."""
    for place in (*pages().values(), *reference.PAGES):
        folder = Path(place).parent if place.endswith("index.md") else Path(place).with_suffix("")
        assert (site / folder / "index.html").is_file(), place


def test_every_page_is_in_the_navigation() -> None:
    listed = re.findall(r"'([\w/.-]+\.md)'", str(navigation()))
    assert sorted(listed) == sorted({*pages().values(), *reference.PAGES})


def test_every_guide_has_its_place() -> None:
    """Guides are listed in the order of reading, which no rule can find."""
    guides = {
        path.parent.relative_to(ROOT).as_posix() for room in CODE_ROOMS for path in (ROOT / room).rglob("GUIDE.md")
    }
    assert set(GUIDES) == guides


def test_pages_load_nothing_remote(site: Path) -> None:
    """The documentation of an installation without internet must be readable there, and report no reader."""
    found = {url for page in site.rglob("*.html") for url in REMOTE.findall(page.read_text("utf-8"))}
    assert found == set()


def test_the_reference_is_whole() -> None:
    """A command, setting or view without an entry does not exist for who reads the site."""
    commands, settings, views = reference.commands(), reference.settings(), reference.views()
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", None) or {"": command}
        for inner in below:
            assert f"## `factory {name} {inner}".rstrip() in commands
    assert [key for key in Settings.model_fields if f"`{key}`" not in settings and f"[{key}" not in settings] == []
    assert [name for name in view_names() if f"## `{name}` {{ #{name} }}" not in views] == []
