"""Caches the answers of gates that depend on one trajectory only, and signals from its turns, per part of turns.

A cached answer is valid as long as the SQL, the settings that it binds and the trajectory's record are the same. So a
night computes answers for new trajectories only, and answers can be computed while a rollout is still running.
`cacheable.py` decides which gates are cached.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows.refine.dedupe.part_cache import EMPTY, batches_of, missing_files, remove_stale, write_parts
from flows.refine.dedupe.sketch import Sketch, make_ground_truths, view_sketch, view_text
from flows.refine.gates.cacheable import GateAnalysis
from flows.refine.gates.gates import Gate, make_answers, run_gates
from schemas import content_id
from warehouse.connect import create_shared_table, execute, named_parameters, query, sql_files
from warehouse.console.progress import ProgressCallback

BATCH_BYTES = 128 * 1024 * 1024
"""Bytes of the sketches of the parts that one batch reads: some ten thousand long trajectories."""
STEPS = ("task_words", "candidates", "ground_truths", "made_calls", "final_words")
"""Files of `sql/decide` whose rows gates read."""
CANDIDATE_TABLES = ("made_calls", "final_words")
"""Files of `sql/decide` that become tables of the candidates, under their own names."""
FUNCTION_VERSIONS = {"detector", "words_version", "validator_version", "language_version", "patterns_version"}
"""Parameters that hold the versions of the SQL functions."""

_CACHEABLE: dict[str, bool] = {}
"""SQL of a gate -> if its answers can be cached, which depends on nothing else."""


@dataclass(frozen=True)
class CachedGates:
    """The gates whose answers are cached, the parameters that they may bind, and the folder of their answers."""

    gates: Sequence[Gate]
    parameters: Mapping[str, object]
    folder: Path


def open_cached_gates(
    con: duckdb.DuckDBPyConnection, home: Path, gates: Iterable[Gate], sketch: Sketch, parameters: Mapping[str, object]
) -> CachedGates:
    """Select the gates that can be cached. Each version of SQL, bound settings and sketch has a folder of its own."""
    texts = {gate.name: gate.text for gate in gates}
    if new := texts.values() - _CACHEABLE.keys():
        analysis = GateAnalysis(con)
        _CACHEABLE.update((text, analysis.is_cacheable(text)) for text in new)
    cached = [gate for gate in gates if _CACHEABLE[gate.text]]
    named = {name for gate in cached for name in _named(con, gate.text)} | FUNCTION_VERSIONS
    used = {key: parameters[key] for key in sorted(named & parameters.keys())}
    steps = {name: text for name, text in sql_files("decide").items() if name in STEPS}
    texts = {gate.name: gate.text for gate in cached}
    version = content_id("gate_cache", texts, steps, sql_files("gate_cache"), used, sketch.folder.name)[:12]
    return CachedGates(cached, parameters, home / f"gate_cache-{version}")


def select_all_candidates(con: duckdb.DuckDBPyConnection) -> None:
    """Make the view `candidates` hold all rows of `all_candidates`."""
    _select_candidates(con, "all_ids")


def answer_cached_gates(
    con: duckdb.DuckDBPyConnection,
    cached: CachedGates,
    sketch: Sketch,
    parts: Mapping[str, Path],
    report: ProgressCallback,
) -> None:
    """Make `valid_cached`, one row per candidate with the answers of the cached gates, and `answers` of these gates.

    Computes and caches the answers on trajectories of `parts` (sketch file -> part) that are missing. Answers that
    cannot be cached, on trajectories whose turns are spread over several parts, are computed each time.
    """
    remove_stale(cached.folder, parts)
    answer_missing(con, cached, sketch, parts, report)
    view_sketch(con, sketch, parts)
    texts = sql_files("gate_cache")
    create_shared_table(
        con, "valid_cached", texts["valid_cached"], {"files": [str(cached.folder / file) for file in parts]}
    )
    if _select_candidates(con, "uncached_ids"):
        view_text(con, parts.values())
        _make_gate_answers(con, cached, report)
        con.execute("insert into valid_cached by name from gate_answers")
    select_all_candidates(con)
    make_answers(con)
    places = [{"gate": gate.name, "position": gate.position, "decides": gate.decides} for gate in cached.gates]
    execute(con, f"insert into answers {texts['answers']}", {"places": places})


def answer_missing(
    con: duckdb.DuckDBPyConnection,
    cached: CachedGates,
    sketch: Sketch,
    parts: Mapping[str, Path],
    report: ProgressCallback,
) -> None:
    """Compute and cache the answers on those of `parts` that have no file yet; reads `all_candidates`."""
    sketches = {file: sketch.folder / file for file in parts}
    for files in batches_of(missing_files(cached.folder, parts), sketches, BATCH_BYTES):
        view_sketch(con, sketch, files)
        view_text(con, [parts[EMPTY], *(parts[file] for file in files)])
        _select_candidates(con, "ids_in_parts")
        _make_gate_answers(con, cached, report)
        text = query("gate_cache", "cached_answers")
        rows = con.sql(text, params={"files": [str(sketches[file]) for file in files]})
        write_parts(rows.to_arrow_table(), [cached.folder / file for file in files])


def make_gate_tables(con: duckdb.DuckDBPyConnection, gates: Iterable[Gate], parts: Mapping[str, Path]) -> None:
    """Make `ground_truths`, `made_calls`, `final_words`, `turn_texts` of all `candidates`, if a gate reads them.

    Cached gates read these tables batch by batch; a gate that is not cached reads all candidates at once.
    """
    texts = " ".join(gate.text for gate in gates)
    if "ground_truths" in texts:
        make_ground_truths(con)
    for name in CANDIDATE_TABLES:
        if name in texts:
            create_shared_table(con, name, query("decide", name))
    if "turn_texts" in texts:
        view_text(con, parts.values())


def _select_candidates(con: duckdb.DuckDBPyConnection, ids: str) -> bool:
    """Make the view `candidates` hold the ids that the file `ids` of `sql/gate_cache` selects; True if any."""
    texts = sql_files("gate_cache")
    create_shared_table(con, "selected_ids", texts[ids])
    con.execute(f"create or replace view candidates as {texts['selected_candidates']}")
    return bool(con.execute("select count(*) > 0 from selected_ids").fetchall()[0][0])


def _make_gate_answers(con: duckdb.DuckDBPyConnection, cached: CachedGates, report: ProgressCallback) -> None:
    """Make `gate_answers`, one row per candidate."""
    make_ground_truths(con)
    for name in CANDIDATE_TABLES:
        create_shared_table(con, name, query("decide", name))
    make_answers(con)
    run_gates(con, cached.gates, cached.parameters, report)
    for name in ("turn_signals", "gate_answers"):
        create_shared_table(con, name, sql_files("gate_cache")[name])


def _named(con: duckdb.DuckDBPyConnection, text: str) -> set[str]:
    """The parameters that a gate binds; none if its SQL does not parse: `run_gates` reports that error."""
    try:
        return named_parameters(con, text)
    except duckdb.Error:
        return set()
