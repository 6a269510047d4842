"""A release on the Hugging Face Hub is one commit with a tag, and no message holds a token."""

import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.publish.errors import AccessRefused, DamagedRelease, NoCredentials, StoreError, StoreMissing
from flows.publish.flow import attach_page
from flows.publish.release import run_publish
from flows.publish.stores.hub import HubStore
from flows.publish.stores.open import store_at
from flows.publish.stores.pull import pull, verify
from schemas import Manifest
from tests.doubles.stores.hub import REPO, FakeHub, fake_hub
from tests.flows.publish.test_publish import DAY, digests, kept_lake, settings_of
from tests.flows.publish.test_publish_again import start
from warehouse.console.progress import silent

ADDRESS = f"hf://datasets/{REPO}"
TOKEN = "hf_aVeryPrivateTokenOfTheTeam0123456"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakeHub]:
    """A fake Hub. huggingface_hub reads its environment at import, so the endpoint is set for this process once."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    with fake_hub(TOKEN) as running:
        yield running


@pytest.mark.slow
def test_a_release_is_one_commit_which_a_killed_publish_does_not_show(hub: FakeHub, tmp_path: Path) -> None:
    """Readers get the older release until the commit, and uploaded files are not sent again."""
    settings = settings_of(tmp_path, to=ADDRESS, endpoint_url=hub.endpoint)
    here = settings_of(tmp_path)
    kept_lake(settings)
    run_publish(here, DAY, silent)
    place = (tmp_path / "release" / "latest").resolve()
    assert start(settings, "sending manifest").wait() < 0
    assert len(hub.commits) == 1 and hub.large
    assert start(settings, "never").wait() == 0
    manifest = Manifest.model_validate_json(hub.files("main")["manifest.json"])
    assert len(hub.commits) == 2 and sorted(hub.sent) == sorted({file.sha256 for file in manifest.files})
    assert hub.refs[manifest.name] == hub.refs["main"]
    assert verify(ADDRESS, silent, hub.endpoint) == manifest
    pulled = pull(f"{ADDRESS}@{manifest.name}", tmp_path / "pulled", silent, hub.endpoint)
    assert digests(pulled) == digests(place)


@pytest.fixture
def built(hub: FakeHub, tmp_path: Path) -> tuple[Path, Manifest]:
    """A release in a directory. Its files are on the fake Hub already, since another test covers their upload."""
    here = settings_of(tmp_path)
    kept_lake(here)
    run_publish(here, DAY, silent)
    place = Path(here.publish.to) / "latest"
    manifest = Manifest.model_validate_json((place / "manifest.json").read_bytes())
    hub.large |= {file.sha256: (place / file.path).read_bytes() for file in manifest.files}
    return place, manifest


def test_a_later_release_replaces_the_files_and_the_same_again_changes_nothing(
    hub: FakeHub, built: tuple[Path, Manifest]
) -> None:
    """A loader that reads data/* must not get rows of two releases."""
    place, manifest = built
    hub.commit(hub.files("main") | {"data/train-00000-of-00009.parquet": b"older", "notes.txt": b"mine"})
    for _ in range(2):
        assert HubStore(ADDRESS, hub.endpoint).put(place, manifest, silent) == manifest.text()
    assert len(hub.commits) == 3
    assert set(hub.files("main")) == {".gitattributes", "notes.txt", *digests(place)}


def test_the_page_of_a_night_stands_beside_the_card(hub: FakeHub, built: tuple[Path, Manifest]) -> None:
    """It is no part of the release: readers by its tag never see it, and the release is still whole."""
    place, manifest = built
    store = HubStore(ADDRESS, hub.endpoint)
    store.put(place, manifest, silent)
    for text in ("<p>earlier", "<p>newer"):
        attach_page(settings_of(place, to=ADDRESS, endpoint_url=hub.endpoint), store.location(manifest.name), text)
    assert hub.files("main")["report.html"] == b"<p>newer"
    assert "report.html" not in hub.files(manifest.name)
    assert verify(ADDRESS, silent, hub.endpoint) == manifest
    assert HubStore(ADDRESS, hub.endpoint).put(place, manifest, silent) == manifest.text()


def test_a_changed_manifest_is_restored(hub: FakeHub, built: tuple[Path, Manifest]) -> None:
    """An edit in the repository must not change the manifest of a release, nor remove its card."""
    place, manifest = built
    HubStore(ADDRESS, hub.endpoint).put(place, manifest, silent)
    whole = hub.files("main")
    changed = manifest.model_copy(update={"rows": 9_999}).text().encode()
    for harm in ({"manifest.json": changed}, {"manifest.json": b"\xff"}, {"README.md": b""}):
        hub.commit(whole | harm)
        with pytest.raises(DamagedRelease):
            verify(ADDRESS, silent, hub.endpoint)
        assert HubStore(ADDRESS, hub.endpoint).put(place, manifest, silent) == manifest.text()
        assert hub.files("main") == whole
    hub.commit(whole | {"data/train-00000-of-00009.parquet": b"PAR1"})
    with pytest.raises(DamagedRelease, match="not part of the release"):
        verify(ADDRESS, silent, hub.endpoint)


def test_two_publishers_never_mix(hub: FakeHub, built: tuple[Path, Manifest]) -> None:
    """The slower publisher gets an error and does not commit over a newer release."""
    place, manifest = built
    slower = HubStore(ADDRESS, hub.endpoint)
    assert slower.read("manifest.json") is None
    hub.commit(hub.files("main") | {"manifest.json": b"of another"})
    with pytest.raises(StoreError, match="another publisher"):
        slower.put(place, manifest, silent)
    assert hub.files("main")["manifest.json"] == b"of another"


def test_refusals_are_named_and_hold_no_token(hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token in a nightly's log gives access to the whole organisation."""
    with pytest.raises(StoreMissing, match="Create it"):
        HubStore("hf://datasets/team/none", hub.endpoint).check()
    wrong = "hf_aWrongTokenThatIsSecretAllTheSame01"
    monkeypatch.setenv("HF_TOKEN", wrong)
    with pytest.raises(AccessRefused, match="may write") as refused:
        HubStore(ADDRESS, hub.endpoint).check()
    assert wrong not in "".join(traceback.format_exception(refused.value))
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(NoCredentials, match="hf auth login"):
        HubStore(ADDRESS, hub.endpoint).check()
    for address in ("hf://team/sets", "hf://datasets/sets", "hf://datasets/a/b/c"):
        with pytest.raises(StoreError, match="hf://datasets/<owner>/<name>"):
            store_at(address)


def test_without_huggingface_hub_the_error_names_the_extra() -> None:
    """A bare ImportError does not name the remedy."""
    script = (
        "import sys; sys.modules['huggingface_hub'] = None\n"
        "from flows.publish.stores.open import store_at\n"
        "try: store_at('hf://datasets/team/sets')\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert output.startswith("StoreError") and "pip install 'horizon-factory[hf]'" in output
