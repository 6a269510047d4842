"""The Parquet source: rows of a data set, with the columns that the settings name."""

from sources.parquet.source import configured

__all__ = ["configured"]
