"""Source distributions come from an index by name, version and checksum, and none of their code runs."""

import hashlib
import io
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flows.environments.workspace.sources import TreeError, sdist_folder


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write nothing."""


@pytest.fixture
def sha256(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The checksum of `tiny` 1.0, which a package index on loopback offers."""
    home = tmp_path / "index" / "tiny"
    home.mkdir(parents=True)
    content = f"import pathlib; pathlib.Path({str(tmp_path / 'owned')!r}).touch()".encode()
    with tarfile.open(home / "tiny-1.0.tar.gz", "w:gz") as tar:
        for name in ("setup.py", "tiny.py"):
            member = tarfile.TarInfo(f"tiny-1.0/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    (home / "index.html").write_text('<a href="tiny-1.0.tar.gz">tiny-1.0.tar.gz</a>')
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "index")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("PIP_INDEX_URL", f"http://127.0.0.1:{server.server_port}/")
    yield hashlib.sha256((home / "tiny-1.0.tar.gz").read_bytes()).hexdigest()
    server.shutdown()
    server.server_close()


def test_a_source_distribution_is_unpacked_and_not_run(sha256: str, tmp_path: Path) -> None:
    """The setup script of any listed package would otherwise run on the factory's machine."""
    tree = sdist_folder({"name": "tiny", "version": "1.0", "sha256": sha256}, tmp_path / "cache")
    assert sorted(path.name for path in tree.iterdir()) == ["setup.py", "tiny.py"]
    assert not (tmp_path / "owned").exists()


def test_another_checksum_is_refused(sha256: str, tmp_path: Path) -> None:
    """A release that was replaced in the index must not become the source of tasks."""
    with pytest.raises(TreeError, match=sha256):
        sdist_folder({"name": "tiny", "version": "1.0", "sha256": "0" * 64}, tmp_path / "cache")
    assert not list((tmp_path / "cache").rglob("*.py"))


def test_a_release_that_the_index_lacks_is_named(sha256: str, tmp_path: Path) -> None:
    """The user must learn which line of the list to correct."""
    with pytest.raises(TreeError, match=r"tiny 2\.0"):
        sdist_folder({"name": "tiny", "version": "2.0", "sha256": sha256}, tmp_path / "cache")


@pytest.mark.parametrize("name", ["", "../tiny", "tiny @ file:///etc", "--index-url=x", "tiny\n"])
def test_a_name_is_no_injection(sha256: str, tmp_path: Path, name: str) -> None:
    """A task that another team wrote must not choose where packages come from."""
    with pytest.raises(TreeError):
        sdist_folder({"name": name, "version": "1.0", "sha256": sha256}, tmp_path / "cache")
