"""The lake of Parquet parts, views over it in DuckDB, and every SQL query of the factory as a file."""
