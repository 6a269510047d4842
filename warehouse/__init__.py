"""What the factory remembers: the lake's Parquet parts, typed views over them, and all SQL as files."""
