"""Functions over whole columns for sketches and gates that SQL alone cannot express.

`secrets_in(text)` counts secrets and personal data by kind, as JSON; null if there are none. `folded_words(text)` gives
the folded words of a text, `word_hashes(text)` the 64-bit hash of each. `scripts_in(text)` names the scripts other than
Latin, `anchor_shingles(text)` gives hashes of short windows. `argument_fault(schema, arguments)` gives how a call's
arguments break the JSON Schema; null if they are valid. `foreign_language(task, system, answer)` gives the language of
an answer that the task neither uses nor names, `underived(numbers, given, has_percent)` the numbers that no arithmetic
gives. `matches`, `first_match` and `extracts` search a text for an expression of `patterns.py`. Each depends on its
arguments only and has a version among the parameters, so that a new version computes cached answers again.
"""

from importlib.metadata import version
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import ARROW, SPECIAL

from flows.refine.decontaminate.ngrams import WORDS_VERSION, folded_words, word_hashes
from flows.refine.dedupe.anchor_shingles import ANCHORS_VERSION, add_anchor_shingles
from flows.refine.gates.argument_schema import argument_faults
from flows.refine.gates.arithmetic import ARITHMETIC_VERSION, underived
from flows.refine.gates.language import LANGUAGE_VERSION, foreign_answers
from flows.refine.gates.patterns import extracts, first_match, matches
from flows.refine.gates.scripts_in import SCRIPTS_VERSION, scripts_in
from sources.privacy.redaction import count_kinds, detector_version


def add_functions(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Add the functions to a connection; returns the parameters that hold their versions."""
    con.create_function("secrets_in", _secrets_in, ["varchar"], "varchar", type=ARROW, null_handling=SPECIAL)
    con.create_function("folded_words", _folded_words, ["varchar"], "varchar[]", type=ARROW, null_handling=SPECIAL)
    con.create_function("word_hashes", _word_hashes, ["varchar"], "ubigint[]", type=ARROW, null_handling=SPECIAL)
    con.create_function("scripts_in", _scripts_in, ["varchar"], "varchar[]", type=ARROW, null_handling=SPECIAL)
    con.create_function(
        "argument_fault", _argument_faults, ["varchar", "varchar"], "varchar", type=ARROW, null_handling=SPECIAL
    )
    add_anchor_shingles(con)
    con.create_function(
        "foreign_language", _foreign_language, ["varchar"] * 3, "varchar", type=ARROW, null_handling=SPECIAL
    )
    con.create_function(
        "underived", _underived, ["varchar[]", "double[]", "boolean"], "varchar[]", type=ARROW, null_handling=SPECIAL
    )
    # without SPECIAL, DuckDB leaves null texts out, with their copies of the expression
    con.create_function("matches", _matches, ["varchar"] * 2, "boolean", type=ARROW)
    con.create_function("first_match", _first_match, ["varchar"] * 2, "varchar", type=ARROW, null_handling=SPECIAL)
    con.create_function("extracts", _extracts, ["varchar"] * 2, "varchar[]", type=ARROW)
    versions = {"words_version": WORDS_VERSION, "validator_version": version("jsonschema-rs")}
    versions |= {"shingles_version": ANCHORS_VERSION, "scripts_version": SCRIPTS_VERSION}
    versions |= {"language_version": LANGUAGE_VERSION, "patterns_version": version("google-re2")}
    versions |= {"arithmetic_version": ARITHMETIC_VERSION}
    return {"detector": detector_version(), **versions}


def _secrets_in(texts: Any) -> pa.Array:
    return pa.array(count_kinds(texts.to_pylist()), pa.string())


def _argument_faults(schemas: Any, arguments: Any) -> pa.Array:
    return argument_faults(_one_chunk(schemas), _one_chunk(arguments))


def _foreign_language(tasks: Any, systems: Any, answers: Any) -> pa.Array:
    return pa.array(foreign_answers(*(texts.to_pylist() for texts in (tasks, systems, answers))), pa.string())


def _underived(numbers: Any, given: Any, has_percent: Any) -> pa.Array:
    return underived(_one_chunk(numbers), _one_chunk(given), _one_chunk(has_percent))


def _matches(texts: Any, expressions: Any) -> pa.Array:
    return matches(_one_chunk(texts), _one_chunk(expressions))


def _first_match(texts: Any, expressions: Any) -> pa.Array:
    return first_match(_one_chunk(texts), _one_chunk(expressions))


def _extracts(texts: Any, expressions: Any) -> pa.Array:
    return extracts(_one_chunk(texts), _one_chunk(expressions))


def _folded_words(texts: Any) -> pa.Array:
    return folded_words(_one_chunk(texts)).cast(pa.list_(pa.string()))


def _word_hashes(texts: Any) -> pa.Array:
    return word_hashes(_one_chunk(texts))


def _scripts_in(texts: Any) -> pa.Array:
    return scripts_in(_one_chunk(texts))


def _one_chunk(texts: Any) -> pa.Array:
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
