"""Commands that show what the nights made: `factory stats`, `report`, `sql` and `view`."""
