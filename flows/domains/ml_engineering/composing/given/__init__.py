"""Tasks of tables that a user gives: the split, the bundle of open files, and the composer."""
