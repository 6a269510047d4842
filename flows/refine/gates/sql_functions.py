"""What SQL here may call that SQL cannot say: functions over whole columns, for sketches and gates.

`secrets_in(text)` is JSON of the secrets and personal data in a text, by kind; null where there are none.
`folded(text)` is its words, folded; `words_of(text)` the hash of each. `misfit(schema, arguments)` says how a call's
arguments do not fit, null where they do. Each is a function of its arguments alone, and has a version, so that what
was answered by an older one is answered again.
"""

from importlib.metadata import version
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import ARROW, SPECIAL

from flows.refine.decontaminate.ngrams import WORDS_VERSION, folded, word_hashes
from flows.refine.gates.argument_schema import misfits
from sources.privacy.redaction import count_kinds, detector_version


def add_functions(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Teach a connection the functions; returns the parameters by which SQL names their versions."""
    con.create_function("secrets_in", _secrets_in, ["varchar"], "varchar", type=ARROW, null_handling=SPECIAL)
    con.create_function("folded", _folded, ["varchar"], "varchar[]", type=ARROW, null_handling=SPECIAL)
    con.create_function("words_of", _words_of, ["varchar"], "ubigint[]", type=ARROW, null_handling=SPECIAL)
    con.create_function("misfit", _misfits, ["varchar", "varchar"], "varchar", type=ARROW, null_handling=SPECIAL)
    return {"detector": detector_version(), "words_version": WORDS_VERSION, "fitting": version("jsonschema-rs")}


def _secrets_in(texts: Any) -> pa.Array:
    return pa.array(count_kinds(texts.to_pylist()), pa.string())


def _misfits(schemas: Any, arguments: Any) -> pa.Array:
    return misfits(_whole(schemas), _whole(arguments))


def _folded(texts: Any) -> pa.Array:
    return folded(_whole(texts)).cast(pa.list_(pa.string()))


def _words_of(texts: Any) -> pa.Array:
    return word_hashes(_whole(texts))


def _whole(texts: Any) -> pa.Array:
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
