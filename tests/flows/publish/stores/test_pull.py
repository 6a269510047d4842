"""Downloads: only files inside the release are written, and the release appears only when it is complete."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from flows.publish.errors import DamagedRelease, PublishError
from flows.publish.flow import attach_page
from flows.publish.release import run_publish
from flows.publish.stores.pull import pull, verify
from flows.publish.views.export import export
from schemas import sha256_text
from tests.doubles.lakes.restored_home import RestoredHome
from tests.flows.publish.test_publish import DAY, digests, kept_lake, latest, settings_of
from warehouse.console.progress import silent


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> RestoredHome:
    """A home with a release, which each test changes anew: publishing again would take most of its time."""
    settings = settings_of(tmp_path_factory.mktemp("kept") / "home")
    kept_lake(settings)
    run_publish(settings, DAY, silent)
    return RestoredHome(settings.home)


@pytest.fixture
def place(kept: RestoredHome, tmp_path: Path) -> Path:
    """A release in a directory; for its lake it lies where the original is."""
    shutil.copytree(kept.restored() / "release", tmp_path / "release", symlinks=True)
    return latest(settings_of(tmp_path))


def changed(place: Path, change: dict[str, Any]) -> None:
    """The release with a changed manifest, and a pointer that agrees with it."""
    content = json.loads((place / "manifest.json").read_text()) | change
    text = json.dumps(content)
    (place / "manifest.json").write_text(text)
    pointer = place.parent / "latest.json"
    agreed = json.loads(pointer.read_text()) | {"manifest_sha256": sha256_text(text)}
    pointer.write_text(json.dumps(agreed))


def shards(place: Path, **change: str) -> list[dict[str, Any]]:
    """The manifest's shards, the first with a change."""
    first, *others = json.loads((place / "manifest.json").read_text())["shards"]
    return [first | change, *others]


def test_the_page_of_a_night_is_no_part_of_the_release(kept: RestoredHome, tmp_path: Path) -> None:
    """A page that counted as a file of the release would make the same release differ from night to night."""
    settings = settings_of(kept.restored())
    place = latest(settings)
    for text in ("<p>earlier", "<p>newer"):
        attach_page(settings, str(place.resolve()), text)
    assert (place / "report.html").read_text() == "<p>newer"
    verify(str(place), silent)
    assert not (pull(str(place), tmp_path / "pulled", silent) / "report.html").exists()
    run_publish(settings, DAY, silent)
    assert (place / "report.html").read_text() == "<p>newer"


@pytest.mark.parametrize("path", ["../evil.parquet", "/tmp/evil.parquet", "data/../../evil", "data/..", "x.parquet"])
def test_a_manifest_cannot_write_outside_the_release(place: Path, tmp_path: Path, path: str) -> None:
    """A stranger's release must not place files elsewhere on the disk."""
    (place.parent / "evil.parquet").write_bytes((place / shards(place)[0]["path"]).read_bytes())
    changed(place, {"shards": shards(place, path=path)})
    target = tmp_path / "deep" / "pulled"
    for address in (place, place.parent):
        with pytest.raises(DamagedRelease, match="path"):
            pull(str(address), target, silent)
    assert not [found for found in (tmp_path / "deep").rglob("*") if found.is_file()]


@pytest.mark.parametrize("name", ["../elsewhere", "/tmp/elsewhere", "..", "", "a/b"])
def test_a_release_name_cannot_leave_the_folder(place: Path, tmp_path: Path, name: str) -> None:
    """A name with `..` would replace other files."""
    changed(place, {"name": name})
    with pytest.raises(DamagedRelease, match="name"):
        pull(str(place), tmp_path / "deep" / "pulled", silent)
    pointer = place.parent / "latest.json"
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | {"release": name}))
    with pytest.raises(DamagedRelease, match="release"):
        verify(str(place.parent), silent)


def test_a_split_name_cannot_leave_the_folder(place: Path, tmp_path: Path) -> None:
    """An export names its files after the splits."""
    changed(place, {"shards": shards(place, split="../../evil")})
    with pytest.raises(PublishError, match="split"):
        export(place, "trl", tmp_path / "deep" / "out", silent)
    assert not list(tmp_path.glob("evil*"))


@pytest.mark.parametrize("dropped", [True, False])
def test_a_manifest_without_one_shard_is_damaged(place: Path, dropped: bool) -> None:
    """Correct files prove nothing if the list of files is wrong: a fifth of the data could be missing."""
    first, *others = shards(place)
    if dropped:
        changed(place, {"shards": others, "rows": sum(shard["rows"] for shard in others)})
        (place / first["path"]).unlink()
    else:
        changed(place, {"rows": 1})
    for address in (place, place.parent):
        with pytest.raises(
            DamagedRelease, match="release_id was made from" if dropped else "counts 1 rows, its shards 12"
        ):
            verify(str(address), silent)
        with pytest.raises(DamagedRelease, match=r"manifest\.json"):
            pull(str(address), place.parent.parent / "pulled", silent)


def test_an_unlisted_parquet_file_is_reported_and_not_removed(place: Path, tmp_path: Path) -> None:
    """`load_dataset` reads all of data/*.parquet, so unreleased rows would be trained on."""
    copy = pull(str(place), tmp_path / "pulled", silent)
    for folder in (place, copy):
        (folder / "data" / "train-00000-of-00009.parquet").write_bytes(b"PAR1")
        with pytest.raises(DamagedRelease, match=r"00009\.parquet is not part of the release.*remove it"):
            verify(str(folder), silent)
    with pytest.raises(DamagedRelease, match="remove it"):
        pull(str(place), tmp_path / "pulled", silent)
    assert (copy / "data" / "train-00000-of-00009.parquet").exists()


@pytest.mark.parametrize("body", [None, b"", b"# Another set", b"\xff"])
def test_a_missing_card_is_damage_until_the_next_publish(
    kept: RestoredHome, tmp_path: Path, body: bytes | None
) -> None:
    """The card holds the license and the meaning of the columns; an empty file would look as if there were none."""
    settings = settings_of(kept.restored())
    place, files = latest(settings), digests(latest(settings))
    (place / "README.md").unlink()
    if body is not None:
        (place / "README.md").write_bytes(body)
    for check in (verify, lambda address, report: pull(address, tmp_path / "pulled", report)):
        with pytest.raises(DamagedRelease, match=r"README\.md"):
            check(str(place), silent)
    run_publish(settings, DAY, silent)
    assert digests(place) == files


@pytest.mark.parametrize("harm", ["shard", "manifest.json", "README.md", "missing"])
def test_a_damaged_copy_is_fetched_anew(place: Path, tmp_path: Path, harm: str) -> None:
    """Otherwise the user must find and delete the damaged folder first."""
    copy = pull(str(place), tmp_path / "pulled", silent)
    path = copy / (shards(copy)[0]["path"] if harm in ("shard", "missing") else harm)
    path.write_bytes(path.read_bytes()[:-9] + b"\xff" * 9)
    if harm == "missing":
        path.unlink()
    assert pull(str(place), tmp_path / "pulled", silent) == copy
    assert digests(copy) == digests(place)
    assert {found.name for found in (tmp_path / "pulled").iterdir()} == {copy.name, "latest", "latest.json"}


@pytest.mark.parametrize("name", ["manifest.json", "latest.json"])
@pytest.mark.parametrize("body", [b"\xff\xfe{}", b""])
def test_a_manifest_or_pointer_that_is_not_utf8_is_damage(place: Path, tmp_path: Path, name: str, body: bytes) -> None:
    """A codec traceback does not name the damaged file."""
    (place.parent / name if name == "latest.json" else place / name).write_bytes(body)
    for check in (verify, lambda address, report: pull(address, tmp_path / "pulled", report)):
        with pytest.raises(DamagedRelease, match=name.removesuffix(".json")):
            check(str(place.parent), silent)


def test_latest_leads_to_the_newest_release_that_was_pulled(place: Path, tmp_path: Path) -> None:
    """A training job reads data/latest: it must find the newest release there without a list of names."""
    target = tmp_path / "pulled"
    pulled = pull(str(place.parent), target, silent)
    assert (target / "latest").resolve() == pulled
    assert verify(str(target), silent).name == place.name
    (target / "latest").unlink()
    (target / "latest.json").unlink()
    pull(str(place.parent), target, silent)
    assert (target / "latest").resolve() == pulled


def test_pulling_an_older_release_leaves_latest_alone(place: Path, tmp_path: Path) -> None:
    """A look at last week's release must not move the training job's data back to it."""
    target = tmp_path / "pulled"
    older = tmp_path / "older"
    shutil.copytree(place, older)
    newest = pull(str(place.parent), target, silent)
    changed_name = json.loads((older / "manifest.json").read_text()) | {"name": "2020-01-01-00000000"}
    (older / "manifest.json").write_text(json.dumps(changed_name))
    assert pull(str(older), target, silent).name == "2020-01-01-00000000"
    assert (target / "latest").resolve() == newest
