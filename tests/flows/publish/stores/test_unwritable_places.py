"""Places that cannot be read or written: the error names the place and the remedy, and no file is left behind."""

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
"""An existing folder without write permission."""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake and its release."""
    settings = settings_of(tmp_path_factory.mktemp("home"))
    kept_lake(settings, n_tasks=4)
    run_publish(settings, DAY, silent)
    return settings


@pytest.fixture
def release(settings: Settings, tmp_path: Path) -> Path:
    """A copy of the release to damage."""
    return Path(shutil.copytree(latest(settings), tmp_path / "copy"))


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_publishing_to_an_unwritable_place_names_it(settings: Settings) -> None:
    """A traceback at the end of a night's work would delay the release by a night."""
    closed = settings.publish.model_copy(update={"to": CLOSED})
    with pytest.raises(StoreError, match=r"cannot write to /proc: .*choose another place"):
        run_publish(settings.model_copy(update={"publish": closed}), DAY, silent)


@pytest.mark.parametrize("place", ["a-file", "a-file/below", f"{CLOSED}/pulled"])
def test_a_pull_to_an_unwritable_place_names_it(settings: Settings, tmp_path: Path, place: str) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(StoreError, match=rf"cannot write to .*{place}: "):
        pull(settings.publish.to, tmp_path / place, silent)


@pytest.mark.parametrize("view", ["trl", "prime-rl"])
@pytest.mark.parametrize("breaks", ["gone", "cut"])
def test_a_truncated_shard_is_named_and_leaves_no_partial_export(
    release: Path, tmp_path: Path, view: str, breaks: str
) -> None:
    """An export with half of the rows trains without an error."""
    shard = next((release / "data").glob("train-*.parquet"))
    body = shard.read_bytes()
    shard.unlink()
    if breaks == "cut":
        shard.write_bytes(body[: len(body) // 2])
    with pytest.raises(PublishError, match=rf"{shard.name} cannot be read .*factory publish verify"):
        export(release, view, tmp_path / "out", silent)
    assert "train" not in "".join(left_in(tmp_path / "out"))


def test_an_export_to_a_file_or_of_a_file_is_refused(release: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"cannot write to .*/file: "):
        export(release, "trl", tmp_path / "file", silent)
    with pytest.raises(PublishError, match=r"there is no release in .*/file"):
        export(tmp_path / "file", "trl", tmp_path / "out", silent)


@pytest.mark.parametrize("view", ["preference", "trl-preference", "rl"])
@pytest.mark.parametrize(("out", "message"), [("folder", "is a folder"), ("file/pairs.parquet", "cannot write to")])
def test_pairs_and_tasks_go_to_a_file_that_can_be_written(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, view: str, out: str, message: str
) -> None:
    """A `.new` file that is left behind could be mistaken for an export, or fill the disk night by night."""
    monkeypatch.chdir(settings.home)
    (settings.home / "folder").mkdir(exist_ok=True)
    (settings.home / "file").touch()
    before = left_in(settings.home)
    result = CliRunner().invoke(app, ["export", "--view", view, "--out", out])
    assert result.exit_code == 1 and message in result.output
    assert set(left_in(settings.home)) - set(before) <= {"state", "warehouse.duckdb"}


def test_an_unknown_view_is_refused_with_the_list_of_views() -> None:
    result = CliRunner().invoke(app, ["export", "--view", "bogus", "--out", "out"])
    views = "trl, prime-rl, verl, ms-swift, llama-factory, atif, inspect, preference, trl-preference, rl"
    assert result.exit_code == 1 and f"there are: {views}." in result.output


@pytest.mark.parametrize("address", ["s3://bucket/team", "hf://datasets/team/set"])
@pytest.mark.parametrize("named", [True, False])
def test_an_export_of_a_remote_release_asks_for_a_pull(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, named: bool
) -> None:
    """`there is no release in hf:/datasets/…` would be wrong: the release exists, but not as a local folder."""
    monkeypatch.chdir(tmp_path)
    if not named:
        monkeypatch.setenv("FACTORY_PUBLISH__TO", address)
    words = ["export", "--view", "trl", "--out", "out", *(["--release", address] if named else [])]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 1 and f"run `factory pull {address} FOLDER`" in result.output


def test_verify_names_a_missing_file(release: Path) -> None:
    """A check writes nothing, so the advice to free space would be wrong."""
    shard = next((release / "data").glob("*.parquet"))
    shard.unlink()
    with pytest.raises(DamagedRelease) as caught:
        verify(str(release), silent)
    assert f"{shard.name} does not exist" in str(caught.value) and "Free space" not in str(caught.value)


def test_a_missing_bucket_does_not_advise_readers_to_publish(
    tmp_path: Path, quick: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers of another team's release cannot publish it."""
    for name, value in quick.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    for words in (["publish", "verify"], ["pull"], ["import", "--format", "messages"]):
        folder = ["here"] if words == ["pull"] else []
        result = CliRunner().invoke(app, [*words, "s3://gone/x", *folder, "--endpoint-url", quick.endpoint])
        assert result.exit_code == 1 and "s3://gone" in result.output and "factory publish" not in result.output
    with pytest.raises(Unreachable, match="run the command again"), S3Errors("s3://set", quick.endpoint).translated():
        raise EndpointConnectionError(endpoint_url=quick.endpoint)
