"""Archives of packages are untrusted: they must not write outside, and show no original of a changed file."""

import io
import tarfile
from pathlib import Path

import pytest

from flows.environments.workspace.sources.cache import TreeError, made_once
from flows.environments.workspace.sources.unpack import unpack_sdist


def archive(folder: Path, *members: tarfile.TarInfo) -> Path:
    path = folder / "one-1.0.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(b"x" * member.size) if member.isreg() else None)
    return path


def member(
    name: str, kind: bytes = tarfile.REGTYPE, *, to: str = "", size: int = 0, mode: int = 0o644
) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size, made.mode = kind, to, size, mode
    return made


def unpacked(folder: Path, *members: tarfile.TarInfo) -> set[str]:
    target = folder / "tree"
    target.mkdir()
    unpack_sdist(archive(folder, *members), target)
    return {path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_symlink() or path.is_file()}


def test_what_could_show_an_original_is_left_out(tmp_path: Path) -> None:
    """A compiled file of the unchanged source would hand the agent the solution."""
    names = ["one/a.py", "one/__pycache__/a.cpython-311.pyc", "one/.git/HEAD", "one/old.pyc", "one/docs/x.md"]
    assert unpacked(tmp_path, *(member(f"one-1.0/{name}") for name in names)) == {
        "one/a.py",
        "one/docs/x.md",
    }


def test_links_inside_and_modes_are_kept(tmp_path: Path) -> None:
    """A package whose scripts cannot run, or whose links are gone, fails its own tests."""
    members = [
        member("p/run.sh", mode=0o4777),
        member("p/soft", tarfile.SYMTYPE, to="run.sh"),
        member("p/hard", tarfile.LNKTYPE, to="p/run.sh", mode=0o755),
    ]
    assert unpacked(tmp_path, *members) == {"run.sh", "soft", "hard"}
    assert (tmp_path / "tree/run.sh").stat().st_mode & 0o7777 == 0o755


@pytest.mark.parametrize(
    "hostile",
    [
        [member("p/../../evil")],
        [member("/etc/evil")],
        [member("p/a"), member("q/a")],
        [member("p/out", tarfile.SYMTYPE, to="/etc")],
        [member("p/out", tarfile.SYMTYPE, to="../..")],
        [member("p/out", tarfile.SYMTYPE, to=".."), member("p/out/evil", size=4)],
        [member("p/hard", tarfile.LNKTYPE, to="p/../../x")],
        [member("p/hard", tarfile.LNKTYPE, to="/etc/passwd")],
        [member("p/device", tarfile.CHRTYPE)],
        [member("p/pipe", tarfile.FIFOTYPE)],
    ],
    ids=lambda members: members[-1].name,
)
def test_hostile_archives_are_refused(tmp_path: Path, hostile: list[tarfile.TarInfo]) -> None:
    """An archive that writes outside could replace any file of the user."""
    with pytest.raises(TreeError):
        unpacked(tmp_path, *hostile)
    assert {path.name for path in tmp_path.iterdir()} == {"tree", "one-1.0.tar.gz"}


def test_an_archive_bomb_is_refused_before_it_is_written(tmp_path: Path) -> None:
    """A few kilobytes that unpack to gigabytes would fill the disk of the night."""
    huge = member("p/zeros", size=300 * 2**20)
    path = tmp_path / "one-1.0.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        tar.addfile(huge, io.BytesIO(bytes(huge.size)))
    (tmp_path / "tree").mkdir()
    with pytest.raises(TreeError, match="leave it out"):
        unpack_sdist(path, tmp_path / "tree")
    assert not list((tmp_path / "tree").iterdir())


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    """Without the archive's name, nobody knows which package to leave out."""
    (tmp_path / "one-1.0.tar.gz").write_bytes(b"\x1f\x8bno archive")
    with pytest.raises(TreeError, match=r"one-1\.0"):
        unpack_sdist(tmp_path / "one-1.0.tar.gz", tmp_path)


def test_a_tree_that_cannot_be_made_leaves_nothing(tmp_path: Path) -> None:
    """Half a tree in the cache would be taken for the whole one by every later task."""

    def fails(folder: Path) -> None:
        (folder / "half").write_text("x")
        raise TreeError("no")

    with pytest.raises(TreeError):
        made_once(tmp_path / "cache" / "one", fails)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [".one.lock"]
    made = made_once(tmp_path / "cache" / "one", lambda folder: (folder / "whole").touch())
    assert [path.name for path in made.iterdir()] == ["whole"]
