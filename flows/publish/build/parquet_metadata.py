"""Metadata in the Parquet footer of every shard: the release, its lineage, and the types that pandas uses.

A shard that is copied away from its manifest can still be traced. All shards of a release have the same metadata,
and it follows from the lake and the settings alone.
"""

import json

import pyarrow as pa

from schemas import Manifest

PANDAS = {pa.int64(): "Int64", pa.bool_(): "boolean"}
"""Arrow type -> pandas type of nullable columns. Without it pandas reads a column as float if a shard has a null."""


def lineage_metadata(manifest: Manifest) -> dict[str, str]:
    """The key-value metadata of every shard: `horizon_` plus the name of each input of the release."""
    values = {"release_id": manifest.release_id, "release": manifest.name, **manifest.lineage()}
    return {f"horizon_{name}": value for name, value in values.items()}


def with_pandas_types(schema: pa.Schema) -> pa.Schema:
    """The schema with the pandas type of its nullable columns in its metadata, the same in every shard."""
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
    pandas = {"index_columns": [], "column_indexes": [], "columns": columns}
    return schema.with_metadata({**(schema.metadata or {}), "pandas": json.dumps(pandas)})
