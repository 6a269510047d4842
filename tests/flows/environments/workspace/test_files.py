"""The tools `read`, `edit` and `write`: their errors, and links that must not lead them out of the workspace."""

import os
from pathlib import Path

import pytest

from flows.environments.workspace.files import edit, write
from flows.environments.workspace.paths import Refused
from flows.environments.workspace.reading import SHOWN_CHARS, read

LINES = [f"line {number}" for number in range(1, 2001)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "a.txt").write_text("one\ntwo\ntwo\n")
    (folder / "long.txt").write_text("\n".join(LINES))
    (tmp_path / "secret.txt").write_text("do not read")
    return folder


def refusal(root: Path, path: str) -> str:
    with pytest.raises(Refused) as refused:
        read(root, path)
    assert "do not read" not in refused.value.answer.text
    return refused.value.answer.text


def test_read_shows_numbers_ranges_head_and_tail(root: Path) -> None:
    """An agent edits by line numbers; a test summary stands at the end of a long file."""
    assert read(root, "a.txt").text == "     1\tone\n     2\ttwo\n     3\ttwo"
    assert read(root, "/workspace/long.txt", 1999, 5).text == "  1999\tline 1999\n  2000\tline 2000"
    whole = read(root, "./long.txt")
    assert (whole.kind, whole.text.splitlines()[0], whole.text.splitlines()[-1]) == (
        "truncated", "     1\tline 1", "  2000\tline 2000"
    )  # fmt: skip
    assert "are left out: read them with offset and limit" in whole.text
    assert len(whole.text) < 1.2 * SHOWN_CHARS
    part = read(root, "long.txt", 100)
    assert part.text.startswith("   100\tline 100\n")
    following = int(part.text.rsplit(" ", 1)[1].rstrip("]"))
    assert f"line {following - 1}\n" in part.text
    assert read(root, "long.txt", following, 1).text.endswith(f"line {following}")
    assert read(root, "a.txt", 9).kind == "empty"


def test_what_is_no_text_is_named(root: Path) -> None:
    """Bytes of an image in a context are noise that costs thousands of tokens."""
    (root / "image").write_bytes(b"\x89PNG\0\1")
    (root / "none").write_bytes(b"")
    (root / "latin").write_bytes("caf\xe9".encode("latin-1"))
    assert read(root, "image").text.startswith("image is a binary file: 6 bytes, sha256 ")
    assert read(root, "none").kind == "empty"
    assert read(root, "latin").text == "     1\tcaf\ufffd"
    assert read(root, ".").text.splitlines() == ["a.txt", "image", "latin", "long.txt", "none"]
    (root / "wide").write_text("x" * 100_000)
    assert len(read(root, "wide").text) < 1.1 * SHOWN_CHARS
    os.mkfifo(root / "pipe")
    assert refusal(root, "pipe") == "pipe is no regular file."
    assert refusal(root, "missing/file").startswith("There is no file missing/file")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("../secret.txt", "link"),
        ("../../../../../../../etc/passwd", "link"),
        ("/etc/passwd", "link"),
        ("/workspace/../secret.txt", "link"),
        ("/proc/self/environ", "link"),
        ("..", "link/secret.txt"),
        ("/workspaces/x", "link"),
        ("link", "link"),
        (".", "../secret.txt"),
        (".", "/etc/passwd"),
        (".", "/workspace/../secret.txt"),
        (".", "x/../../secret.txt"),
    ],
)
def test_no_path_leads_out_of_the_workspace(root: Path, target: str, path: str) -> None:
    """The host's files hold the hidden tests and every other attempt."""
    (root / "link").symlink_to(target)
    (root / "x").mkdir()
    assert refusal(root, path)
    with pytest.raises(Refused):
        write(root, path, "owned")
    with pytest.raises(Refused):
        edit(root, path, "do not read", "owned")
    assert (root.parent / "secret.txt").read_text() == "do not read"


def test_links_inside_are_followed_as_the_agents_commands_follow_them(root: Path) -> None:
    (root / "folder").mkdir()
    (root / "folder" / "up").symlink_to("../a.txt")
    (root / "absolute").symlink_to("/workspace/folder")
    assert read(root, "absolute/up").text.endswith("two")
    assert edit(root, "absolute/up", "one", "1").kind == "ok"
    assert (root / "a.txt").read_text() == "1\ntwo\ntwo\n"
    (root / "dangling").symlink_to("folder/new.txt")
    write(root, "dangling", "new")
    assert (root / "folder" / "new.txt").read_text() == "new"
    assert (root / "dangling").is_symlink()


def test_edit_replaces_a_text_that_occurs_once_and_explains_any_other(root: Path) -> None:
    """An edit at the wrong one of two places is an error that no test may catch."""
    assert edit(root, "a.txt", "one\ntwo", "1\n2").text == "Edited a.txt:\n     1\t1\n     2\t2\n     3\ttwo\n     4\t"
    assert (root / "a.txt").read_text() == "1\n2\ntwo\n"
    (root / "a.txt").write_text("two\ntwo\naaa\n  x = 1\n")
    for old, said in (
        ("two", "old occurs 2 times in a.txt (lines 1, 2), not once."),
        ("aa", "old occurs 2 times"),
        ("", "old is empty."),
        ("absent", "old does not occur in a.txt. Nothing was changed."),
        ("x  = 1", "spaces or line breaks differ"),
    ):
        answer = edit(root, "a.txt", old, "new")
        assert answer.kind == "blocked"
        assert said in answer.text
    assert (root / "a.txt").read_text() == "two\ntwo\naaa\n  x = 1\n"
    assert edit(root, "a.txt", "two\n", "two\n").kind == "blocked"


def test_bytes_that_are_no_text_and_line_ends_survive_an_edit(root: Path) -> None:
    (root / "mixed").write_bytes(b"caf\xe9 one\r\ntwo\r\n")
    assert "\\r\\n" in edit(root, "mixed", "one\ntwo", "1").text
    assert edit(root, "mixed", "one", "1\u20ac\ud800").kind == "ok"
    assert (root / "mixed").read_bytes() == b"caf\xe9 1\xe2\x82\xac?\r\ntwo\r\n"


def test_write_creates_folders_keeps_permission_bits_and_spares_folders(root: Path) -> None:
    assert write(root, "new/deep/f.sh", "a\nb\n").text == "Created new/deep/f.sh: 2 lines, 4 bytes."
    (root / "new/deep/f.sh").chmod(0o755)
    assert write(root, "new/deep/f.sh", "").text.startswith("Replaced")
    assert (root / "new/deep/f.sh").stat().st_mode & 0o777 == 0o755
    for path in ("new", "a.txt/x", "."):
        with pytest.raises(Refused):
            write(root, path, "x")
