"""A real MediaWiki on php and SQLite on loopback, from Debian's package, that a test edits.

Installing takes seconds; php's own web server answers. The database lives in a folder of the test.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

CODE = Path("/usr/share/mediawiki")
LICENSE = "https://creativecommons.org/licenses/by-sa/4.0/"
EXTENSIONS = "--with-extensions=Math,Cite,SyntaxHighlight_GeSHi,ParserFunctions"
SETTINGS = f"""
$wgArticlePath = '/wiki/$1'; $wgUsePathInfo = true; $wgMainCacheType = CACHE_NONE; $wgParserCacheType = CACHE_NONE;
$wgJobRunRate = 0; $wgRightsUrl = '{LICENSE}'; $wgRightsText = 'CC BY-SA 4.0'; $wgEnableUploads = false;
"""


def need_mediawiki() -> None:
    """Skip on a machine without MediaWiki and php; FACTORY_REQUIRE_MEDIAWIKI=1 makes that a failure."""
    missing = [name for name in ("php",) if shutil.which(name) is None]
    missing += [] if (CODE / "api.php").exists() else ["mediawiki"]
    if missing and not os.environ.get("FACTORY_REQUIRE_MEDIAWIKI"):
        pytest.skip(f"not installed: {', '.join(missing)}; apt-get install mediawiki php-cli php-sqlite3")


@dataclass(frozen=True)
class MediaWiki:
    """A running wiki."""

    folder: Path
    port: int

    @property
    def home(self) -> str:
        """Address of the wiki, without a final slash."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def api(self) -> str:
        """Address of its api.php."""
        return f"{self.home}/api.php"

    def page(self, title: str) -> str:
        """Return the url of a page."""
        return f"{self.home}/wiki/{title.replace(' ', '_')}"

    def edit(self, title: str, text: str) -> None:
        """Write a page."""
        self._maintain("edit.php", title, stdin=text)

    def edit_all(self, pages: dict[str, str]) -> None:
        """Write many pages at once."""
        folder = self.folder / "texts"
        folder.mkdir(exist_ok=True)
        for title, text in pages.items():
            (folder / title).write_text(text)
        self._maintain("importTextFiles.php", "--rc", "--overwrite", *(str(folder / title) for title in pages))

    def delete(self, *titles: str) -> None:
        """Delete pages."""
        self._maintain("deleteBatch.php", stdin="\n".join(titles))

    def move(self, old: str, new: str) -> None:
        """Rename a page, which leaves a redirect behind."""
        self._maintain("moveBatch.php", stdin=f"{old}|{new}")

    def forbid(self, title: str) -> None:
        """Forbid to read a page from now on."""
        condition = f"$action === 'read' && $title->getPrefixedText() === '{title}'"
        hook = (
            "\n$wgHooks['getUserPermissionsErrors'][] = function ($title, $user, $action, &$result) {\n"
            f"  if ({condition}) {{ $result = 'badaccess-group0'; return false; }}\n  return true;\n}};\n"
        )
        with (self.folder / "LocalSettings.php").open("a") as settings:
            settings.write(hook)

    def dump(self) -> bytes:
        """Return the XML dump of the newest revisions."""
        return self._maintain("dumpBackup.php", "--current", "--quiet")

    def _maintain(self, script: str, *arguments: str, stdin: str = "") -> bytes:
        return _php(self.folder, script, *arguments, stdin=stdin)


@contextmanager
def running_wiki(folder: Path) -> Iterator[MediaWiki]:
    """Install a wiki and serve it."""
    folder.mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = ("--server", f"http://127.0.0.1:{port}", "--scriptpath", "")
    database = ("--dbtype", "sqlite", "--dbpath", str(folder / "db"), "--dbname", "wiki", "--confpath", str(folder))
    _php(folder, "install.php", *database, *address, "--pass", "a-long-password", EXTENSIONS, "Test Wiki", "admin")
    with (folder / "LocalSettings.php").open("a") as settings:
        settings.write(SETTINGS)
    variables = os.environ | {"MW_CONFIG_FILE": str(folder / "LocalSettings.php")}
    options = ("-d", "opcache.enable_cli=1", "-d", "opcache.revalidate_freq=0")
    command = ["php", *options, "-S", f"127.0.0.1:{port}", "-t", str(CODE)]
    with subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            wiki = MediaWiki(folder, port)
            _wait_for(wiki)
            yield wiki
        finally:
            server.terminate()
            server.wait(10)


def _wait_for(wiki: MediaWiki) -> None:
    for _ in range(100):
        try:
            httpx.get(f"{wiki.api}?action=query&format=json", timeout=30).raise_for_status()
            return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError("php did not answer")


def _php(folder: Path, script: str, *arguments: str, stdin: str = "") -> bytes:
    config = [] if script == "install.php" else ["--conf", str(folder / "LocalSettings.php")]
    command = ["php", str(CODE / "maintenance" / script), *config, *arguments]
    ran = subprocess.run(command, input=stdin.encode(), capture_output=True, check=False, timeout=120)
    assert ran.returncode == 0, (ran.stdout + ran.stderr).decode()
    return ran.stdout
