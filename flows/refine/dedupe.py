"""Finds trajectories that are duplicates of each other, exact and near, and which of them stands for the rest.

It looks at what the agent wrote and did and at the task's words, never at the pages that it read: popular
pages recur. Near duplicates are found by an inverted index of sampled three-word shingles (the sample is
coarser the longer the text, all of it for short ones) and form clusters by connected components. The
keeper is the one that other gates let pass, then one with a right answer, then the shortest.
"""

from collections.abc import Mapping

import duckdb

from warehouse.connect import keep_as, sql_files

TABLES = ("standing", "work_keys", "works", "shingles", "edges", "clusters")
"""Temporary tables that this makes, each from those before it."""


def find_duplicates(con: duckdb.DuckDBPyConnection, parameters: Mapping[str, object]) -> None:
    """Make TABLES from `candidates` and the `answers` of the gates so far; `near_similarity` is a parameter."""
    texts = sql_files("refine")
    for name in TABLES:
        keep_as(con, name, texts[name], parameters)
