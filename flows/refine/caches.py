"""The files that refine keeps between runs: sketches, cached answers of gates, indexes of benchmarks.

All of them follow from the lake and the settings, so a damaged file is removed and made again.
"""

import os
import shutil
from pathlib import Path

import duckdb
import pyarrow as pa

from flows.refine.dedupe.part_cache import SUM, damaged_files

FOLDERS = ("sketches", "gate_cache", "benchmarks")
CACHE_ERRORS = (duckdb.Error, pa.ArrowException, OSError, ValueError)
"""Errors that a damaged cache file causes in DuckDB and in pyarrow."""


def damaged_caches(state: Path) -> list[Path]:
    """The files in the caches of a state folder that cannot be read whole."""
    return [path for name in FOLDERS for path in damaged_files(state / name)]


def remove_damaged_caches(state: Path) -> list[Path]:
    """Remove the damaged files and their checksums, which the next refine makes again; returns the files' paths."""
    damaged = damaged_caches(state)
    for path in (one for file in damaged for one in (file, file.with_suffix(SUM)) if os.path.lexists(one)):
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    return damaged
