"""`factory sources check`: what it prints of sources that work and of those that do not."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.crawl.check_sources import check_sources
from tests.doubles.sites.plain_site import plain_site
from tests.flows.crawl.nights import settings_of

WORDS = "The mill grinds rye until the river freezes. "


def test_each_source_is_tried_for_one_page_and_failures_say_why(tmp_path: Path) -> None:
    """A wrong source is otherwise found after a night without pages."""
    (tmp_path / "docs").mkdir()
    for name in ("a.md", "b.md", "c.md"):
        (tmp_path / "docs" / name).write_text(f"# {name}\n\n{WORDS}")
    (tmp_path / "x.warc.gz").write_bytes(b"no archive")
    with plain_site("User-agent: *\nDisallow: /leaf\n") as site:
        sources: list[dict[str, object]] = [
            {"kind": "folder", "paths": [tmp_path / "docs"]},
            {"kind": "folder", "name": "missing", "paths": [tmp_path / "nothing"]},
            {"kind": "warc", "paths": [str(tmp_path / "x.warc.gz")]},
            {"kind": "web", "seeds": [f"{site.home}/"]},
            {"kind": "web", "name": "closed", "seeds": [f"{site.home}/leaf/0/0"]},
        ]
        found = {check.name: check for check in check_sources(settings_of(tmp_path / "home", *sources))}
        pages = [path for path in site.paths() if path != "/robots.txt"]
    assert len(pages) == 1
    assert {name: check.page is not None for name, check in found.items()} == {
        "folder": True, "missing": False, "warc": False, "web": True, "closed": False,
    }  # fmt: skip
    assert "is not a readable folder" in (found["missing"].problem or "")
    assert any("damaged" in reason for reason in found["warc"].reasons)
    assert any("robots_denied" in reason for reason in found["closed"].reasons)
    assert not (tmp_path / "home").exists()


def test_the_command_prints_each_source_and_ends_with_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A script before a night must see by the exit code that a source is wrong."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "a.md").write_text(f"# Mill\n\n{WORDS}See [b](b.md).\n")
    good = f'[[crawl.sources]]\nkind = "folder"\npaths = ["{tmp_path / "docs"}"]\n'
    bad = f'[[crawl.sources]]\nkind = "folder"\nname = "bad"\npaths = ["{tmp_path / "none"}"]\n'
    monkeypatch.chdir(tmp_path)
    (tmp_path / "factory.toml").write_text(good)
    done = CliRunner().invoke(app, ["sources", "check"])
    (tmp_path / "factory.toml").write_text(good + bad)
    failed = CliRunner().invoke(app, ["sources", "check"])
    assert (done.exit_code, failed.exit_code) == (0, 1)
    assert "holds about 1 pages" in done.output
    assert "Mill:" in done.output and "characters, 1 links" in done.output and "bad: FAILED" in failed.output
