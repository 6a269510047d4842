"""Where a sketch's rows stand: one small Parquet file a part, there whole or not at all.

A file is named after its part and a hash of the part's footer, so that another part under the same name is
sketched anew.
"""

import os
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from schemas import sha256_text

EMPTY = "empty.parquet"


def file_of(part: Path) -> str:
    """The file name for the sketch of a part."""
    with part.open("rb") as file:
        file.seek(-8, os.SEEK_END)
        length = int.from_bytes(file.read(4), "little")
        file.seek(-8 - length, os.SEEK_END)
        return f"{part.stem}-{sha256_text(file.read(length).hex())[:12]}.parquet"


def put(rows: pa.Table, path: Path) -> None:
    """Write rows, in their order, as one file, which appears when it is whole."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    texts = [field.name for field in rows.schema if pa.types.is_string(field.type)]
    try:
        pq.write_table(rows, temporary, compression="lz4", use_dictionary=texts)
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()
