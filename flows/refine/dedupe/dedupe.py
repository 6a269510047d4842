"""Finds exact and near duplicates among trajectories, and the keeper of each cluster.

It compares the question and what the agent wrote and did, turn by turn, never the pages that it read: popular pages
recur. All steps read the sketch `turn_facts`: per turn a hash of its words, a hash of its calls, and about 16 hashes of
short shingles of its text (shingling: Broder 1997). It differs from MinHash over the whole text in three ways:

- Shingles start at **anchors** (the text after each letter b), after SpotSigs (Theobald, Siddharth and Paepcke,
  SIGIR 2008, whose anchors are stop words): splitting there takes an eighth of the time of splitting into words, and a
  fiftieth of a regular expression. Short turns, and languages without that letter, give shingles of three words
  (or letters).
- Two turns are **counterparts** by the shingles they share, and two trajectories are duplicates by the share of the
  shorter one's turns that have a counterpart, in order. A copy may drop, repeat, insert and swap turns. With 30 % of
  the words edited, every turn keeps a third of its shingles. A branch has a **detour**: a run of turns on both sides
  with nothing in common. One similarity over the whole text cannot distinguish the two.
- Candidate pairs come from an inverted index with two shingles per turn. Each posting is paired with the two before it
  in its posting list, so that there are as many pairs as postings, however popular a shingle or large a cluster.

Clusters are connected components. The keeper passes the other gates if any member does, then has a right answer, then
is the shortest.
"""

from collections.abc import Mapping

import duckdb

from warehouse.connect import create_shared_table, execute, sql_files

ATTEMPTS = ("content_keys", "distinct_attempts")
PAIRS = ("candidate_pairs", "pair_similarity", "duplicate_pairs")
SHINGLES = (
    "turn_shingles", "boilerplate", "informative_shingles", "agent_turns",
    "turn_counterparts", "ordered_counterparts", "detours",
)  # fmt: skip
"""Files that `pair_similarity` reads as CTEs, each after those that it reads itself; no table is made of them."""
ANY_SHORT = "select count(*) > 0 from distinct_attempts where turns <= 16"
BUCKET_ROWS = 10_000_000
"""Rows of `posting_list` that are paired at a time, in a fifth of a gigabyte."""


def find_duplicate_pairs(con: duckdb.DuckDBPyConnection, parameters: Mapping[str, object]) -> None:
    """Make the tables ATTEMPTS and PAIRS from `candidates`; `near_duplicate_threshold` is a parameter.

    They depend on no gate's answer, so they can be made in parallel with the gates.
    """
    texts = sql_files("dedupe")
    for name in ATTEMPTS:
        create_shared_table(con, name, texts[name])
    [(any_short,)] = con.execute(ANY_SHORT).fetchall()
    create_shared_table(con, "posting_list", texts["posting_list"], {"any_short": any_short})
    neighbours = _posting_neighbours(con, texts)
    texts["candidate_pairs"] = f"with posting_neighbours as ({neighbours}) select * from ({texts['candidate_pairs']})"
    shingles = ", ".join(f"{name} as materialized ({texts[name]})" for name in SHINGLES)
    texts["pair_similarity"] = f"with {shingles} select * from ({texts['pair_similarity']})"
    for name in PAIRS:
        create_shared_table(con, name, texts[name], {**parameters, "bucket": 0, "buckets": 1})


def _posting_neighbours(con: duckdb.DuckDBPyConnection, texts: Mapping[str, str]) -> str:
    """The SQL of `posting_neighbours`. Long posting lists are read in hash buckets first, into `bucket_neighbours`."""
    [(buckets,)] = con.execute(f"select 1 + count(*) // {BUCKET_ROWS} from posting_list").fetchall()
    if buckets == 1:
        return texts["posting_neighbours"]
    for bucket in range(buckets):
        target = "insert into bucket_neighbours" if bucket else "create or replace table bucket_neighbours as"
        execute(con, f"{target} {texts['posting_neighbours']}", {"bucket": bucket, "buckets": buckets})
    return texts["neighbours_summed"]


def find_clusters(con: duckdb.DuckDBPyConnection) -> None:
    """Make `keeper_rank`, which orders trajectories by the `answers` so far, and `clusters` with their keepers."""
    texts = sql_files("dedupe")
    for name in ("keeper_rank", "clusters"):
        create_shared_table(con, name, texts[name])
