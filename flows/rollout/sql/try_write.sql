-- one row: the version as it is, written again to see that a write is kept
pragma user_version = 1
