"""The difference between the initial and the final rows of a world, in the form in which goals are written.

Ids of new rows, times and free text are left out: two careful people give them differently.
"""

import json
from collections.abc import Sequence
from typing import Any

from flows.environments.services.catalogue import FREE_COLUMNS
from flows.environments.services.world import World

Delta = dict[str, list[list[Any]]]
"""Table -> changes in order: ["added", {column: value}], ["changed", key, {column: value}] or ["removed", key]."""
KEY_COLUMNS = {"order_lines": 2}


def delta(world: World) -> Delta:
    """The changes of every table that changed; only tables that an operation wrote to can have."""
    found = {table: _changes(world, table, world.setup.rows.get(table, ())) for table in world.written}
    return {table: changes for table, changes in sorted(found.items()) if changes}


def _changes(world: World, table: str, initial: Sequence[Sequence[Any]]) -> list[list[Any]]:
    final = world.table(table)
    before, width = {tuple(row) for row in initial}, KEY_COLUMNS.get(table, 1)
    if len(final) == len(before) and before.issuperset(final):
        return []
    names = world.columns(table)
    old, new = ({tuple(row[:width]): row for row in rows} for rows in (initial, final))
    changes = [["removed", *key] for key in old if key not in new]
    for key, row in new.items():
        if key not in old:
            changes.append(["added", _compared(table, names, row)])
        elif tuple(old[key]) != tuple(row):
            changed = {name: value for name, value, was in zip(names, row, old[key], strict=True) if value != was}
            changes.append(["changed", *key, _compared(table, list(changed), list(changed.values()))])
    return sorted(changes, key=lambda one: json.dumps(one, sort_keys=True))


def _compared(table: str, names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return {name: value for name, value in zip(names, values, strict=True) if f"{table}.{name}" not in FREE_COLUMNS}
