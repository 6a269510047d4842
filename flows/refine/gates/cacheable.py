"""Decides from a gate's parse tree if its answers can be cached: the gate must judge each trajectory on its own.

DuckDB's `json_serialize_sql` gives the tree. Each relation in it is keyed (it has a `trajectory_id`) or holds plain
values. Keyed relations must be joined, grouped and windowed by `trajectory_id`, so that no row depends on another
trajectory. Any construct that the analysis does not recognise makes the gate not cacheable.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import duckdb

KEY = "trajectory_id"
KEYED_TABLES = {
    "candidates", "trajectories", "turn_facts", "made_calls", "final_words", "turn_texts", "ground_truths"
}  # fmt: skip
"""Tables of a trajectory's own record, turns, calls, last words and truth. They never change once they have landed."""
VALUE_TABLES = {"tasks"}
ROW_FUNCTIONS = {"unnest", "range", "generate_series"}
"""Table functions that read no table and no file."""
FUNCTIONS = """
select
    list(distinct function_name) filter (function_type = 'aggregate'),
    list(distinct function_name) filter (stability <> 'CONSISTENT')
from duckdb_functions()
"""

Tree = Mapping[str, Any]
Key = int | None
"""Position of `trajectory_id` among a relation's columns, STARRED where a star selects it; None for plain values."""
STARRED = -1


class _Dependent(Exception):
    """The query may read other trajectories, other tables or the clock."""


class GateAnalysis:
    """Analyses the gates that one connection can run."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        aggregates, unstable = con.execute(FUNCTIONS).fetchall()[0]
        self._aggregates, self._unstable = {"count_star", *aggregates}, set(unstable)

    def is_cacheable(self, text: str) -> bool:
        """True if each row of the query depends on one trajectory, its task and the bound settings only."""
        tree = json.loads(self._con.execute("select json_serialize_sql($1)", [text]).fetchall()[0][0])
        statements = tree.get("statements", ())
        try:
            return len(statements) == 1 and self._query(statements[0]["node"], {}) is not None
        except (_Dependent, KeyError):
            return False

    def _query(self, node: Tree, outer: Mapping[str, Key]) -> Key:
        known = dict(outer)
        for entry in node["cte_map"]["map"]:
            query = entry["value"]
            known[entry["key"]] = _renamed(self._query(query["query_node"], known), query["aliases"])
        _require(all(modifier["type"] in ("ORDER_MODIFIER", "DISTINCT_MODIFIER") for modifier in node["modifiers"]))
        if node["type"] == "SELECT_NODE":
            return self._select(node, known)
        _require(node["type"] == "SET_OPERATION_NODE")
        first, *others = [self._query(child, known) for child in node["children"]]
        _require(all(other == first for other in others))
        return first

    def _select(self, node: Tree, known: Mapping[str, Key]) -> Key:
        keyed = self._relation(node["from_table"], known)
        parts = [node[name] for name in ("select_list", "where_clause", "group_expressions", "having", "qualify")]
        found = list(chain(self._expressions(parts, known), self._expressions(node["modifiers"], known)))
        _require(not node["sample"])
        if not keyed:
            return None
        key = _key_of(node["select_list"])
        distinct = [modifier for modifier in node["modifiers"] if modifier["type"] == "DISTINCT_MODIFIER"]
        _require(all(_has_key(one["distinct_on_targets"]) for one in distinct if one["distinct_on_targets"]))
        _require(all(_has_key(one["partitions"]) for one in found if one["class"] == "WINDOW"))
        if node["group_expressions"] or any(map(self._is_aggregate, found)):
            by_all = node["aggregate_handling"] == "FORCE_AGGREGATES"
            _require(len(node["group_sets"]) <= 1 and _has_key(node["select_list" if by_all else "group_expressions"]))
        # values of several trajectories must not be counted or summed later: each is listed once
        _require(key is not None or any(not one["distinct_on_targets"] for one in distinct))
        return key

    def _is_aggregate(self, expression: Tree) -> bool:
        return expression["class"] == "FUNCTION" and expression["function_name"] in self._aggregates

    def _relation(self, ref: Tree, known: Mapping[str, Key]) -> bool:
        """True if the relation is keyed."""
        _require(not ref["sample"])
        match ref["type"]:
            case "BASE_TABLE":
                return _table(ref, known)
            case "SUBQUERY":
                return _renamed(self._query(ref["subquery"]["node"], known), ref["column_name_alias"]) is not None
            case "JOIN":
                return self._join(ref, known)
            case "TABLE_FUNCTION":
                _require(ref["function"]["function_name"] in ROW_FUNCTIONS)
                list(self._expressions(ref["function"]["arguments"], known))
                return False
            case other:
                _require(other == "EMPTY")
                return False

    def _join(self, ref: Tree, known: Mapping[str, Key]) -> bool:
        left, right = self._relation(ref["left"], known), self._relation(ref["right"], known)
        list(self._expressions(ref["condition"], known))
        _require(ref["ref_type"] in ("REGULAR", "ASOF", "CROSS"))
        _require(not (left and right) or KEY in ref["using_columns"] or _equates_keys(ref["condition"]))
        return left if ref["join_type"] in ("SEMI", "ANTI") else left or right

    def _expressions(self, tree: Any, known: Mapping[str, Key]) -> Iterator[Tree]:
        """Every expression in the tree; subqueries must hold plain values."""
        if isinstance(tree, list):
            for item in tree:
                yield from self._expressions(item, known)
        if not isinstance(tree, dict):
            return
        if "class" in tree:
            _require(tree.get("function_name") not in self._unstable)
            _require(tree["class"] != "COLUMN_REF" or tree["column_names"][0] not in self._unstable)
            _require(tree["class"] != "SUBQUERY" or self._query(tree["subquery"]["node"], known) is None)
            yield tree
        for name, value in tree.items():
            if name != "subquery":
                yield from self._expressions(value, known)


def _require(holds: bool) -> None:
    if not holds:
        raise _Dependent


def _table(ref: Tree, known: Mapping[str, Key]) -> bool:
    name = ref["table_name"]
    _require(not (ref["schema_name"] or ref["catalog_name"] or ref["column_name_alias"]))
    _require(name in known or name in KEYED_TABLES | VALUE_TABLES)
    return known[name] is not None if name in known else name in KEYED_TABLES


def _renamed(key: Key, aliases: list[str]) -> Key:
    """The key under new column names, which must call the same column `trajectory_id`."""
    _require(not aliases or [place for place, name in enumerate(aliases) if name == KEY] == [key] * (key is not None))
    return key


def _key_of(columns: list[Tree]) -> Key:
    _require(all(_is_key(column) for column in columns if column["alias"] == KEY))
    for place, column in enumerate(columns):
        if _is_key(column) and column["alias"] in ("", KEY):
            return place
        if column["class"] == "STAR" and not (column["relation_name"] or KEY in column["exclude_list"]):
            _require(not (column["columns"] or column["replace_list"] or column["rename_list"]))
            return STARRED
    return None


def _is_key(column: Tree) -> bool:
    return column["class"] == "COLUMN_REF" and bool(column["column_names"][-1] == KEY)


def _has_key(expressions: list[Tree]) -> bool:
    return any(map(_is_key, expressions))


def _equates_keys(condition: Tree | None) -> bool:
    """True if the condition, or one of those that `and` joins, is `one.trajectory_id = other.trajectory_id`."""
    if condition is None:
        return False
    if condition["type"] == "CONJUNCTION_AND":
        return any(map(_equates_keys, condition["children"]))
    if condition["type"] != "COMPARE_EQUAL":
        return False
    sides = condition["left"], condition["right"]
    return all(map(_is_key, sides)) and sides[0]["column_names"] != sides[1]["column_names"]
