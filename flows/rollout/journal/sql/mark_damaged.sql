-- one row: the version of a journal in which a row was found damaged
pragma user_version = 99
