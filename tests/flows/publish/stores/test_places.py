"""Places that cannot be read or written: one message that says which and what to do, and nothing left behind."""

import shutil
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError
from typer.testing import CliRunner

from flows.cli import app
from flows.publish.errors import DamagedRelease, PublishError, StoreError, Unreachable
from flows.publish.release import run_publish
from flows.publish.stores.pull import pull, verify
from flows.publish.stores.s3_errors import S3Errors
from flows.publish.views.export import export
from flows.settings import Settings
from tests.doubles.stores.s3 import S3Server
from tests.flows.publish.test_publish import DAY, kept_lake, latest, settings_of
from warehouse.console.progress import silent

CLOSED = "/proc"
"""A folder that is there, and that nobody can make anything in."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake and its release."""
    settings = settings_of(tmp_path_factory.mktemp("home"))
    kept_lake(settings, n_tasks=4)
    run_publish(settings, DAY, silent)
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
        run_publish(settings.model_copy(update={"publish": closed}), DAY, silent)


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


def test_a_view_that_does_not_exist_is_answered_with_all_that_do() -> None:
    said = CliRunner().invoke(app, ["export", "--view", "bogus", "--out", "out"])
    views = ["trl", "prime-rl", "verl", "ms-swift", "llama-factory", "atif", "preference", "trl-preference", "rl"]
    assert said.exit_code == 1 and f"there are: {', '.join(views)}." in said.output


@pytest.mark.parametrize("address", ["s3://bucket/team", "hf://datasets/team/set"])
@pytest.mark.parametrize("named", [True, False])
def test_an_export_from_afar_is_told_to_pull_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, named: bool
) -> None:
    """`there is no release in hf:/datasets/…` sends people to look for what is there."""
    monkeypatch.chdir(tmp_path)
    if not named:
        monkeypatch.setenv("FACTORY_PUBLISH__TO", address)
    words = ["export", "--view", "trl", "--out", "out", *(["--release", address] if named else [])]
    said = CliRunner().invoke(app, words)
    assert said.exit_code == 1 and f"run `factory pull {address} FOLDER`" in said.output


def test_a_file_that_verify_misses_is_not_there(release: Path) -> None:
    """Who checks a copy writes nothing: freeing space is no help."""
    shard = next((release / "data").glob("*.parquet"))
    shard.unlink()
    with pytest.raises(DamagedRelease) as told:
        verify(str(release), silent)
    assert f"{shard.name} does not exist" in str(told.value) and "Free space" not in str(told.value)


def test_a_bucket_that_cannot_be_read_is_not_answered_with_publish(
    tmp_path: Path, quick: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever pulls another team's release cannot publish it."""
    for name, value in quick.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    for words in (["publish", "verify"], ["pull"], ["import", "--format", "messages"]):
        folder = ["here"] if words == ["pull"] else []
        said = CliRunner().invoke(app, [*words, "s3://gone/x", *folder, "--endpoint-url", quick.endpoint])
        assert said.exit_code == 1 and "s3://gone" in said.output and "factory publish" not in said.output
    with pytest.raises(Unreachable, match="run the command again"), S3Errors("s3://set", quick.endpoint).translated():
        raise EndpointConnectionError(endpoint_url=quick.endpoint)
