"""A release that comes from elsewhere: only what its manifest may name is fetched, and only whole it appears."""

import json
from pathlib import Path
from typing import Any

import pytest

from flows.publish.errors import DamagedRelease, PublishError
from flows.publish.release import run_publish
from flows.publish.stores.pull import pull, verify
from flows.publish.views.export import export
from schemas import sha256_text
from tests.flows.publish.test_publish import DAY, digests, kept_lake, latest, settings_of
from warehouse.console.progress import silent


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A release in a directory."""
    settings = settings_of(tmp_path)
    kept_lake(settings)
    run_publish(settings, DAY, silent)
    return latest(settings)


def changed(place: Path, change: dict[str, Any]) -> None:
    """The release says this instead, and the pointer beside it agrees."""
    said = json.loads((place / "manifest.json").read_text()) | change
    text = json.dumps(said)
    (place / "manifest.json").write_text(text)
    pointer = place.parent / "latest.json"
    agreed = json.loads(pointer.read_text()) | {"manifest_sha256": sha256_text(text)}
    pointer.write_text(json.dumps(agreed))


def shards(place: Path, **change: str) -> list[dict[str, Any]]:
    """The manifest's shards, the first with a change."""
    first, *others = json.loads((place / "manifest.json").read_text())["shards"]
    return [first | change, *others]


@pytest.mark.parametrize("path", ["../evil.parquet", "/tmp/evil.parquet", "data/../../evil", "data/..", "x.parquet"])
def test_no_file_is_fetched_to_where_a_manifest_must_not_lead(place: Path, tmp_path: Path, path: str) -> None:
    """Who pulls a stranger's release must not find files of a stranger's choice elsewhere on the disk."""
    (place.parent / "evil.parquet").write_bytes((place / shards(place)[0]["path"]).read_bytes())
    changed(place, {"shards": shards(place, path=path)})
    target = tmp_path / "deep" / "pulled"
    for address in (place, place.parent):
        with pytest.raises(DamagedRelease, match="path"):
            pull(str(address), target, silent)
    assert not [found for found in (tmp_path / "deep").rglob("*") if found.is_file()]


@pytest.mark.parametrize("name", ["../elsewhere", "/tmp/elsewhere", "..", "", "a/b"])
def test_a_release_is_put_beside_others_whatever_it_calls_itself(place: Path, tmp_path: Path, name: str) -> None:
    """A name that climbs out of the folder would rename over what stands there."""
    changed(place, {"name": name})
    with pytest.raises(DamagedRelease, match="name"):
        pull(str(place), tmp_path / "deep" / "pulled", silent)
    pointer = place.parent / "latest.json"
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | {"release": name}))
    with pytest.raises(DamagedRelease, match="release"):
        verify(str(place.parent), silent)


def test_a_split_names_no_other_folder(place: Path, tmp_path: Path) -> None:
    """An export names its files after the splits."""
    changed(place, {"shards": shards(place, split="../../evil")})
    with pytest.raises(PublishError, match="split"):
        export(place, "trl", tmp_path / "deep" / "out", silent)
    assert not list(tmp_path.glob("evil*"))


@pytest.mark.parametrize("dropped", [True, False])
def test_a_release_that_lost_a_shard_is_not_whole_whatever_its_manifest_says(place: Path, dropped: bool) -> None:
    """Files that are all right prove nothing when the list of files is not: a fifth of the data would go unmissed."""
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


def test_a_file_that_loaders_would_take_for_rows_is_told_and_left_to_its_owner(place: Path, tmp_path: Path) -> None:
    """`load_dataset` reads all of data/*.parquet: rows that nobody released would be trained on."""
    copy = pull(str(place), tmp_path / "pulled", silent)
    for folder in (place, copy):
        (folder / "data" / "train-00000-of-00009.parquet").write_bytes(b"PAR1")
        with pytest.raises(DamagedRelease, match=r"00009\.parquet is not part of the release.*remove it"):
            verify(str(folder), silent)
    with pytest.raises(DamagedRelease, match="remove it"):
        pull(str(place), tmp_path / "pulled", silent)
    assert (copy / "data" / "train-00000-of-00009.parquet").exists()


@pytest.mark.parametrize("body", [None, b"", b"# Another set", b"\xff"])
def test_a_release_without_its_card_is_not_whole_until_it_is_published_again(
    tmp_path: Path, body: bytes | None
) -> None:
    """The card says the license and what the columns mean; an empty file in its stead looks as if there were none."""
    settings = settings_of(tmp_path)
    kept_lake(settings)
    run_publish(settings, DAY, silent)
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
    """Else whoever has a bad copy must know which folder to delete before the same command helps."""
    copy = pull(str(place), tmp_path / "pulled", silent)
    path = copy / (shards(copy)[0]["path"] if harm in ("shard", "missing") else harm)
    path.write_bytes(path.read_bytes()[:-9] + b"\xff" * 9)
    if harm == "missing":
        path.unlink()
    assert pull(str(place), tmp_path / "pulled", silent) == copy
    assert digests(copy) == digests(place)
    assert [found.name for found in (tmp_path / "pulled").iterdir()] == [copy.name]


@pytest.mark.parametrize("name", ["manifest.json", "latest.json"])
@pytest.mark.parametrize("body", [b"\xff\xfe{}", b""])
def test_a_manifest_or_pointer_that_is_no_text_is_damage(place: Path, tmp_path: Path, name: str, body: bytes) -> None:
    """A traceback of a codec tells nobody that a file on the disk is broken."""
    (place.parent / name if name == "latest.json" else place / name).write_bytes(body)
    for check in (verify, lambda address, report: pull(address, tmp_path / "pulled", report)):
        with pytest.raises(DamagedRelease, match=name.removesuffix(".json")):
            check(str(place.parent), silent)
