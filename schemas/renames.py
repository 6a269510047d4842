"""Columns and values that have another name since an earlier schema version, as data for a migration.

A lake of schema version 1 becomes one of version 2 by these renames alone: no column changes its place, its
type or its nullability.
"""

COLUMNS: dict[str, dict[str, str]] = {
    "audit": {"right": "is_correct"},
    "overlap": {"words": "n_words"},
    "rollout": {"cache_hit": "prefix_cache_hit_rate"},
    "unfinished": {"left_at": "stopped_at"},
    "withdrawal": {"asked_for": "target", "asked_at": "requested_at"},
}
"""Record -> {column of version 1: column of version 2}."""

VALUES: dict[str, dict[str, str]] = {"imported.status": {"already_there": "already_imported"}}
"""`record.column` (names of version 2) -> {value of version 1: value of version 2}."""
