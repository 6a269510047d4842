"""A release that comes from elsewhere: only what its manifest may name is fetched, and only whole it appears."""

import json
from pathlib import Path
from typing import Any

import pytest

from flows.publish.errors import PublishError
from flows.publish.export import export
from flows.publish.pull import Damaged, pull, verify
from flows.publish.release import publish_night
from schemas import sha256_text
from tests.flows.test_publish import DAY, kept_lake, latest, settings_of
from warehouse.progress import silent


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A release in a directory."""
    settings = settings_of(tmp_path)
    kept_lake(settings)
    publish_night(settings, DAY, silent)
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
        with pytest.raises(Damaged, match="path"):
            pull(str(address), target, silent)
    assert not [found for found in (tmp_path / "deep").rglob("*") if found.is_file()]


@pytest.mark.parametrize("name", ["../elsewhere", "/tmp/elsewhere", "..", "", "a/b"])
def test_a_release_is_put_beside_others_whatever_it_calls_itself(place: Path, tmp_path: Path, name: str) -> None:
    """A name that climbs out of the folder would rename over what stands there."""
    changed(place, {"name": name})
    with pytest.raises(Damaged, match="name"):
        pull(str(place), tmp_path / "deep" / "pulled", silent)
    pointer = place.parent / "latest.json"
    pointer.write_text(json.dumps(json.loads(pointer.read_text()) | {"release": name}))
    with pytest.raises(Damaged, match="release"):
        verify(str(place.parent), silent)


def test_a_split_names_no_other_folder(place: Path, tmp_path: Path) -> None:
    """An export names its files after the splits."""
    changed(place, {"shards": shards(place, split="../../evil")})
    with pytest.raises(PublishError, match="split"):
        export(place, "trl", tmp_path / "deep" / "out", silent)
    assert not list(tmp_path.glob("evil*"))
