"""What can be said of a trajectory by itself is said once, ever: the answers of most gates, and the signs of its turns.

It is kept beside the sketch, a file a part of turns, and holds as long as the SQL, the settings that it binds and the
trajectory's record do. So a night asks of what is new, not of what was decided on in all nights before; and what
lands while a rollout waits for its teacher can be asked of before the night is over.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from flows.refine.dedupe.part_cache import EMPTY, lacking_of, put_each, remove_stale, together
from flows.refine.dedupe.sketch import Sketch, keep_truths, show_text, show_turns
from flows.refine.gates.cacheable import GateAnalysis
from flows.refine.gates.gates import Gate, ask, start_answers
from schemas import content_id
from warehouse.connect import named_in, run, share_as, sql_files
from warehouse.console.progress import Report

BATCH_BYTES = 128 * 1024 * 1024
"""Bytes of the sketches of the parts whose trajectories are asked of at once: some ten thousand long ones."""
STEPS = ("task_words", "candidates", "truths", "made_calls")
"""Files of `sql/refine` that gates read what they answer by."""
FUNCTIONS = {"detector", "words_version", "fitting"}
"""Parameters that say the versions of what SQL may call."""


@dataclass(frozen=True)
class Alone:
    """The gates that look at a trajectory by itself, what they may bind, and the folder where their answers stand."""

    gates: Sequence[Gate]
    parameters: Mapping[str, object]
    folder: Path


def alone_of(
    con: duckdb.DuckDBPyConnection, home: Path, gates: Iterable[Gate], sketch: Sketch, parameters: Mapping[str, object]
) -> Alone:
    """Those of the gates that look at a trajectory by itself. Other SQL, settings or sketches have another folder."""
    analysis = GateAnalysis(con)
    asked = [gate for gate in gates if analysis.is_cacheable(gate.text)]
    named = {name for gate in asked for name in _named(con, gate.text)} | FUNCTIONS
    used = {key: parameters[key] for key in sorted(named & parameters.keys())}
    steps = {name: text for name, text in sql_files("refine").items() if name in STEPS}
    texts = {gate.name: gate.text for gate in asked}
    version = content_id("alone", texts, steps, sql_files("alone"), used, sketch.folder.name)[:12]
    return Alone(asked, parameters, home / f"alone-{version}")


def take_all(con: duckdb.DuckDBPyConnection) -> None:
    """Let `candidates` be all of `every_candidate`."""
    _take(con, "ids_all")


def tell_alone(
    con: duckdb.DuckDBPyConnection, alone: Alone, sketch: Sketch, parts: Mapping[str, Path], report: Report
) -> None:
    """Make `alone`, a row a trajectory of `every_candidate`, and `answers` of what it says.

    What is not kept of `parts`, by the sketch's files, is asked, and kept; what cannot be kept is asked every time.
    """
    remove_stale(alone.folder, parts)
    tell_lacking(con, alone, sketch, parts, report)
    show_turns(con, sketch, parts)
    texts = sql_files("alone")
    share_as(con, "alone", texts["known"], {"files": [str(alone.folder / file) for file in parts]})
    if _take(con, "ids_left"):
        show_text(con, parts.values())
        _tell(con, alone, report)
        con.execute("insert into alone by name from told")
    take_all(con)
    start_answers(con)
    places = [{"gate": gate.name, "position": gate.position, "decides": gate.decides} for gate in alone.gates]
    run(con, f"insert into answers {texts['answers']}", {"places": places})


def tell_lacking(
    con: duckdb.DuckDBPyConnection, alone: Alone, sketch: Sketch, parts: Mapping[str, Path], report: Report
) -> None:
    """Ask, and keep, what is not yet kept of those parts; reads `every_candidate`."""
    sketches = {file: sketch.folder / file for file in parts}
    for files in together(lacking_of(alone.folder, parts), sketches, BATCH_BYTES):
        show_turns(con, sketch, files)
        show_text(con, [parts[EMPTY], *(parts[file] for file in files)])
        _take(con, "ids_of_parts")
        _tell(con, alone, report)
        told = con.sql(sql_files("alone")["kept"], params={"files": [str(sketches[file]) for file in files]})
        put_each(told.to_arrow_table(), [alone.folder / file for file in files])


def _take(con: duckdb.DuckDBPyConnection, ids: str) -> bool:
    """Let `candidates` be those whose ids a file of `sql/alone` answers; whether there are any."""
    texts = sql_files("alone")
    share_as(con, "here", texts[ids])
    con.execute(f"create or replace view candidates as {texts['candidates']}")
    return bool(con.execute("select count(*) > 0 from here").fetchall()[0][0])


def _tell(con: duckdb.DuckDBPyConnection, alone: Alone, report: Report) -> None:
    """Make `told`, a row a candidate."""
    keep_truths(con)
    share_as(con, "made_calls", sql_files("refine")["made_calls"])
    start_answers(con)
    ask(con, alone.gates, alone.parameters, report)
    for name in ("signs", "told"):
        share_as(con, name, sql_files("alone")[name])


def _named(con: duckdb.DuckDBPyConnection, text: str) -> set[str]:
    """What a gate binds; nothing where its SQL does not parse, which is told when it is asked."""
    try:
        return named_in(con, text)
    except duckdb.Error:
        return set()
