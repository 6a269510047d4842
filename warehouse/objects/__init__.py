"""Files of a lake in an object store: paths, whole and conditional puts, and reads of DuckDB and pyarrow."""

from warehouse.objects.object_path import ObjectPath, is_there, parquet_source, place_of, uploading

__all__ = ["ObjectPath", "is_there", "parquet_source", "place_of", "uploading"]
