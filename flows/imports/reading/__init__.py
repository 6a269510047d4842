"""Reads the rows of published files: addresses, compression, JSON Lines, JSON documents, session logs and Parquet."""
