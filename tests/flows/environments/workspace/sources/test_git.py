"""Trees of local repositories: the files of a commit as they were, and no effect of anything else in the repository."""

import os
import subprocess
from pathlib import Path

import pytest

from flows.environments.workspace.sources import TreeError, git_folder


def git(repository: Path, *arguments: str) -> str:
    identity = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.c", "GIT_COMMITTER_NAME": "a"}
    environment = os.environ | identity | {"GIT_COMMITTER_EMAIL": "a@b.c", "GIT_CONFIG_GLOBAL": os.devnull}
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    home = tmp_path / "repository"
    home.mkdir()
    git(home, "init", "-q")
    (home / "a.py").write_text("one = 1\n")
    (home / "odd \u00e9\n name").write_text("x")
    (home / "run.sh").write_text("#!/bin/sh\n")
    (home / "run.sh").chmod(0o755)
    (home / "link").symlink_to("a.py")
    git(home, "add", ".")
    git(home, "commit", "-qm", "first")
    return home


def commit(repository: Path) -> str:
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "next")
    return git(repository, "rev-parse", "HEAD")


def test_a_commit_is_written_as_it_was(repository: Path, tmp_path: Path) -> None:
    """A tree that differs from the commit fails tests that the commit passes."""
    first = git(repository, "rev-parse", "HEAD")
    (repository / "a.py").write_text("changed later")
    tree = git_folder({"path": str(repository), "commit": first}, tmp_path / "cache")
    assert sorted(path.name for path in tree.iterdir()) == ["a.py", "link", "odd \u00e9\n name", "run.sh"]
    assert (tree / "a.py").read_text() == "one = 1\n"
    assert os.access(tree / "run.sh", os.X_OK) and not os.access(tree / "a.py", os.X_OK)
    assert (tree / "link").readlink() == Path("a.py")


def test_a_linked_work_tree_is_a_repository_too(repository: Path, tmp_path: Path) -> None:
    """Whoever works in linked work trees would have to clone for each source."""
    git(repository, "worktree", "add", "-q", str(tmp_path / "linked"))
    tree = git_folder(
        {"path": str(tmp_path / "linked"), "commit": git(repository, "rev-parse", "HEAD")}, tmp_path / "c"
    )
    assert (tree / "a.py").is_file()


def test_nothing_of_a_hostile_repository_runs(repository: Path, tmp_path: Path) -> None:
    """A repository whose filter or monitor runs on read would own the machine of the factory."""
    touch = f"touch {tmp_path}/owned; cat"
    for key in (
        "filter.x.smudge",
        "filter.x.process",
        "core.fsmonitor",
        "core.sshCommand",
        "core.pager",
        "diff.x.textconv",
    ):
        git(repository, "config", key, touch)
    (repository / ".gitattributes").write_text("* filter=x diff=x export-subst ident\n")
    (repository / "subst.py").write_text("# $Format:%H$ $Id$\n")
    for hook in ("post-checkout", "reference-transaction", "post-index-change"):
        path = repository / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch {tmp_path}/owned\n")
        path.chmod(0o755)
    git(repository, "config", "--unset", "filter.x.process")
    last = commit(repository)
    (tmp_path / "owned").unlink(missing_ok=True)
    tree = git_folder({"path": str(repository), "commit": last}, tmp_path / "cache")
    assert (tree / "subst.py").read_text() == "# $Format:%H$ $Id$\n"
    assert not (tmp_path / "owned").exists()


def test_a_link_out_of_the_tree_is_refused(repository: Path, tmp_path: Path) -> None:
    """The host would follow it when it lays files over the tree."""
    (repository / "out").symlink_to("../../..")
    last = commit(repository)
    with pytest.raises(TreeError, match="outside"):
        git_folder({"path": str(repository), "commit": last}, tmp_path / "cache")


@pytest.mark.parametrize("name", ["HEAD", "--all", "", "0" * 40])
def test_a_commit_that_is_none_is_refused(repository: Path, tmp_path: Path, name: str) -> None:
    """A branch moves: the same task would have another tree tomorrow."""
    with pytest.raises(TreeError):
        git_folder({"path": str(repository), "commit": name}, tmp_path / "cache")


def test_a_folder_that_is_no_repository_is_named(tmp_path: Path) -> None:
    """The user must learn which path of the settings is wrong."""
    with pytest.raises(TreeError, match="nowhere"):
        git_folder({"path": str(tmp_path / "nowhere"), "commit": "0" * 40}, tmp_path / "cache")
