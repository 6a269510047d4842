"""Places that cannot be read or written: one message that says which and what to do, and nothing left behind."""

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.publish.errors import PublishError, StoreError
from flows.publish.export import export
from flows.publish.pull import pull
from flows.publish.release import publish_night
from flows.settings import Settings
from tests.flows.test_publish import DAY, kept_lake, latest, settings_of
from warehouse.progress import silent

CLOSED = "/proc"
"""A folder that is there, and that nobody can make anything in."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake and its release."""
    settings = settings_of(tmp_path_factory.mktemp("home"))
    kept_lake(settings, n_tasks=4)
    publish_night(settings, DAY, silent)
    return settings


@pytest.fixture
def release(settings: Settings, tmp_path: Path) -> Path:
    """A copy to break."""
    return Path(shutil.copytree(latest(settings), tmp_path / "copy"))


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_publishing_where_nothing_can_be_made_says_where(settings: Settings) -> None:
    """Found after a night's work, under a traceback, it is the release of that night that is late."""
    closed = settings.publish.model_copy(update={"to": CLOSED})
    with pytest.raises(StoreError, match=r"cannot write to /proc: .*choose another place"):
        publish_night(settings.model_copy(update={"publish": closed}), DAY, silent)


@pytest.mark.parametrize("place", ["a-file", "a-file/below", f"{CLOSED}/pulled"])
def test_a_pull_to_where_nothing_can_be_put_says_where(settings: Settings, tmp_path: Path, place: str) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(StoreError, match=rf"cannot write to .*{place}: "):
        pull(settings.publish.to, tmp_path / place, silent)


@pytest.mark.parametrize("view", ["trl", "prime-rl"])
@pytest.mark.parametrize("breaks", ["gone", "cut"])
def test_a_shard_that_is_not_whole_is_named_and_leaves_no_half_a_view(
    release: Path, tmp_path: Path, view: str, breaks: str
) -> None:
    """A file that looks like a view and holds half the rows trains without an error."""
    shard = next((release / "data").glob("train-*.parquet"))
    body = shard.read_bytes()
    shard.unlink()
    if breaks == "cut":
        shard.write_bytes(body[: len(body) // 2])
    with pytest.raises(PublishError, match=rf"{shard.name} cannot be read .*factory publish verify"):
        export(release, view, tmp_path / "out", silent)
    assert "train" not in "".join(left_in(tmp_path / "out"))


def test_an_export_onto_a_file_and_of_a_file_is_refused_by_name(release: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot write to .*/file: "):
        export(release, "trl", tmp_path / "file", silent)
    with pytest.raises(PublishError, match=r"there is no release in .*/file"):
        export(tmp_path / "file", "trl", tmp_path / "out", silent)


@pytest.mark.parametrize("view", ["preference", "trl-preference", "rl"])
@pytest.mark.parametrize(("out", "says"), [("folder", "is a folder"), ("file/pairs.parquet", "cannot write to")])
def test_pairs_and_tasks_go_to_a_file_that_can_be_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, view: str, out: str, says: str
) -> None:
    """A `.new` that stays behind is taken for the next export, or fills the disk night by night."""
    monkeypatch.chdir(settings.home)
    (settings.home / "folder").mkdir(exist_ok=True)
    (settings.home / "file").touch()
    before = left_in(settings.home)
    said = CliRunner().invoke(app, ["export", "--view", view, "--out", out])
    assert said.exit_code == 1 and says in said.output
    assert set(left_in(settings.home)) - set(before) <= {"state", "warehouse.duckdb"}
