"""Opens the library of a night: the search index over the lake's newest pages, built once per snapshot of them.

The dense index is built beside it where the settings choose one.

Composers that search as the agent does and the rollout read the same one.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from flows.environments.resources import Resources
from sources.index.index_writer import VERSION, is_intact, remove_index
from sources.index.library import Library, Page
from warehouse.connect import query

if TYPE_CHECKING:
    import duckdb

    from flows.settings.environments import DenseSearch

DENSE = "dense"
"""Folder of dense indexes in the state: one for each model and library."""


def open_library(con: "duckdb.DuckDBPyConnection", state: Path, note: Callable[[str], None]) -> Path:
    """Return the index of the lake's newest pages, built unless an earlier step built the same one."""
    snapshot, n_pages = con.sql(query("rollout", "library_snapshot")).fetchall()[0]
    path = state / "library" / f"{snapshot}-{VERSION}"
    if os.path.lexists(path) and not is_intact(path):
        note("the library was damaged: it is built again")
        remove_index(path)
    if not path.exists():
        note(f"building the library of {n_pages} pages")
        rows = con.sql(query("rollout", "library_pages")).to_arrow_reader(256)
        Library.build(path, (Page(**row) for batch in rows for row in batch.to_pylist()))
    return path


def with_dense_index(
    resources: Resources, chosen: "DenseSearch", state: Path, note: Callable[[str], None]
) -> Resources:
    """The resources with the dense index of their library, built unless it is there; unchanged without either.

    Raises EmbedderError if passages cannot be embedded.
    """
    if chosen.engine == "none" or resources.library_path is None:
        return resources
    from sources.index.dense.build import build_dense
    from sources.index.dense.embedder import EmbedderChoice

    choice = EmbedderChoice(**{**chosen.model_dump(), "url": chosen.url or ""})
    path = build_dense(resources.library_path, state / DENSE, choice, note)
    return replace(resources, dense_path=path, embedder=choice)
