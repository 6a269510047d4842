"""What SQL here may call that SQL cannot say: functions over whole columns, for sketches and gates.

`secrets_in(text)` is JSON of the secrets and personal data in a text, by kind; null where there are none.
Each is a function of its argument alone, and names its version, so that what was answered by an older one is
answered again.
"""

from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import ARROW, SPECIAL

from sources.redaction import count_kinds, detector_version


def add_functions(con: duckdb.DuckDBPyConnection) -> dict[str, object]:
    """Teach a connection the functions; returns the parameters by which SQL names their versions."""
    con.create_function("secrets_in", _secrets_in, ["varchar"], "varchar", type=ARROW, null_handling=SPECIAL)
    return {"detector": detector_version()}


def _secrets_in(texts: Any) -> pa.Array:
    return pa.array(count_kinds(texts.to_pylist()), pa.string())
