"""What a shard's footer says beside its columns: which release it is of, what made it, and how pandas reads it.

A shard that was copied away from its manifest still tells where it comes from. All shards of a release say
the same, and nothing that does not follow from the lake and the settings.
"""

import json

import pyarrow as pa

from schemas import Manifest

PANDAS = {pa.int64(): "Int64", pa.bool_(): "boolean"}
"""Columns that may be null: pandas reads them so, not as floats or objects wherever a shard holds a null."""


def footer(manifest: Manifest) -> dict[str, str]:
    """The words of every shard's footer."""
    said = {"release_id": manifest.release_id, "release": manifest.name, **manifest.lineage()}
    return {f"horizon_{name}": word for name, word in said.items()}


def with_types(schema: pa.Schema) -> pa.Schema:
    """The schema, and what pandas makes of its columns that may be null, in every shard alike."""
    columns = [
        {
            "name": field.name,
            "field_name": field.name,
            "pandas_type": str(field.type),
            "numpy_type": PANDAS[field.type],
            "metadata": None,
        }
        for field in schema
        if field.nullable and field.type in PANDAS
    ]
    told = {"index_columns": [], "column_indexes": [], "columns": columns}
    return schema.with_metadata({**(schema.metadata or {}), "pandas": json.dumps(told)})
