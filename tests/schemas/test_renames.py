"""Renamed columns exist under their new name only, and manifests of schema version 1 are still read."""

import json
from datetime import UTC, datetime

from schemas import RECORDS, Manifest, arrow_schema
from schemas.release import Withdrawn
from schemas.renames import COLUMNS, VALUES

SCHEMAS = {model.record: arrow_schema(model) for model in RECORDS}


def manifest() -> Manifest:
    return Manifest(
        release_id="a1",
        name="2026-01-01-a1",
        schema_version="1",
        code_version="0.1.0",
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        parent=None,
        refine_id="b2",
        settings={},
        gates={},
        rows=0,
        tokens=0,
        shards=[],
        withdrawn=[Withdrawn(target="http://wiki.test/a", trajectory_id="c3", reason="takedown")],
    )


def test_each_rename_leads_from_a_dropped_name_to_a_column() -> None:
    for record, columns in COLUMNS.items():
        assert not set(columns) & set(SCHEMAS[record].names), record
        assert set(columns.values()) <= set(SCHEMAS[record].names), record
    for column in VALUES:
        record, name = column.split(".")
        assert name in SCHEMAS[record].names


def test_a_manifest_of_schema_version_1_is_read() -> None:
    """Earlier releases stay as they were published: `asked_for` is the target of a withdrawal there."""
    written = json.loads(manifest().text())
    written["withdrawn"] = [{"trajectory_id": "c3", "asked_for": "http://wiki.test/a", "reason": "takedown"}]
    assert Manifest.model_validate_json(json.dumps(written)) == manifest()


def test_a_manifest_is_written_with_the_new_name() -> None:
    text = manifest().text()
    assert "asked_for" not in text
    assert Manifest.model_validate_json(text) == manifest()
