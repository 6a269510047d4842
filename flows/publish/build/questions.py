"""Groups tasks by their question, so that no question is in two splits and pairs are of attempts at one question.

Questions are equal after folding, and near-duplicates if half of their words are common, where rare words and numbers
weigh most. Candidates are neighbours under their rarest pairs of words, so the work grows linearly with the tasks.
"""

from contextlib import closing

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.task import folded, task_id
from warehouse.connect import create_temp_table, query, sibling_connection

Ids = npt.NDArray[np.int64]
QUESTION_TABLES = ("question_texts", "questions", "question_words", "question_pairs", "near_questions")

FOLDED = pa.schema([(name, pa.large_string()) for name in ("task_id", "question", "truth", "spelled_id")])
BATCH_TASKS = 2_000


def create_question_splits(con: duckdb.DuckDBPyConnection, seed: int, validation_share: float) -> None:
    """Make the table `question_splits`, with the split of every task that is kept or was published."""
    create_folded_tasks(con)
    for name in QUESTION_TABLES:
        create_temp_table(con, name, query("publish", name))
    pairs = con.sql("select one, other from near_questions").fetchnumpy()
    (n_questions,) = con.execute("select count(*) from questions").fetchall()[0]
    leaders = connected(n_questions, np.asarray(pairs["one"], np.int64), np.asarray(pairs["other"], np.int64))
    groups = pa.table({"number": np.arange(n_questions), "leader": leaders})
    con.register("question_groups", groups)
    try:
        parameters = {"seed": seed, "validation_share": validation_share}
        create_temp_table(con, "question_splits", query("publish", "question_splits"), parameters)
    finally:
        con.unregister("question_groups")


def create_question_tasks(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `question_tasks`: task_id and the first task with the same question and ground truth."""
    create_folded_tasks(con)
    create_temp_table(con, "question_tasks", query("publish", "question_tasks"))


def create_folded_tasks(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table `folded_tasks`: question and truth, folded, and the id of an imported task by its text alone."""
    con.register("folded", FOLDED.empty_table())
    create_temp_table(con, "folded_tasks", "from folded")
    with closing(sibling_connection(con)) as reader:
        rows = reader.execute(query("publish", "spelled_tasks"))
        while batch := rows.fetchmany(BATCH_TASKS):
            con.register("folded", _folded(batch))
            con.execute("insert into folded_tasks from folded")
            con.unregister("folded")


def connected(size: int, one: Ids, other: Ids) -> Ids:
    """The smallest member of each node's connected component, by hooking and pointer jumping (FastSV, Zhang 2020)."""
    leader = np.arange(size)
    while True:
        before = leader.copy()
        lowest = np.minimum(leader[one], leader[other])
        for node in (one, other, before[one], before[other]):
            np.minimum.at(leader, node, lowest)
        leader = leader[leader]
        if np.array_equal(leader, before):
            return leader


def _folded(tasks: list[tuple[str, str, str, str | None]]) -> pa.Table:
    columns = {
        "task_id": [task for task, _, _, _ in tasks],
        "question": [folded(instruction) for _, _, instruction, _ in tasks],
        "truth": [None if answer is None else folded(answer) for _, _, _, answer in tasks],
        "spelled_id": [task_id(domain, text, answer, [], "import") for _, domain, text, answer in tasks],
    }
    return pa.table(columns, FOLDED)
