"""Finds the names under which a file of tests knows node's assertions and the functions that define tests.

Files without an import of node:test are taken as written for mocha, whose functions the runner offers as globals.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

from flows.domains.engineering.javascript.literals import text_of
from flows.domains.engineering.javascript.syntax import Source, part, walk

ASSERT = {"assert": False, "node:assert": False, "assert/strict": True, "node:assert/strict": True}
"""Modules of assertions, and whether their equality is strict."""
TEST_MODULES = {"node:test"}
TESTS, GROUPS = {"test", "it", "specify"}, {"describe", "suite", "context"}


@dataclass
class Names:
    """Local names of one file."""

    asserts: dict[str, bool] = field(default_factory=dict)
    """Object of assertions -> whether it is strict."""
    functions: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """Function -> (its own name, whether it is strict)."""
    tests: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    globals: bool = False
    """True if the functions that define tests are globals, as in mocha."""


def names_of(source: Source) -> Names:
    """The names of a file. Raises SyntaxError."""
    found, imported = Names(), False
    for module, bindings in _imports(source):
        if module in ASSERT:
            _add_asserts(found, bindings, strict=ASSERT[module])
        elif module in TEST_MODULES:
            imported = True
            found.tests |= {local for local, own in bindings if own in TESTS | {"default"}}
            found.groups |= {local for local, own in bindings if own in GROUPS}
    if not imported:
        found.tests, found.groups, found.globals = set(TESTS), set(GROUPS), True
    return found


def imported(source: Source) -> frozenset[str]:
    """All local names that a file imports or requires, node's own modules left out."""
    found = ((module, local) for module, bindings in _imports(source) for local, _ in bindings)
    return frozenset(local for module, local in found if not module.startswith("node:") and module not in ASSERT)


def _add_asserts(found: Names, bindings: list[tuple[str, str]], *, strict: bool) -> None:
    for local, own in bindings:
        if own in {"default", "*", "strict", "ok"}:
            found.asserts[local] = strict or own == "strict"
        else:
            found.functions[local] = (own, strict)


def _imports(source: Source) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """(module, [(local name, its name in the module)]) of imports and of declarations that require."""
    for node in walk(source.root):
        if node.type == "import_statement":
            bindings = [pair for one in node.named_children for pair in _import_clause(source, one)]
            yield text_of(source, part(node, "source")) or "", bindings
        elif node.type == "variable_declarator" and (value := node.child_by_field_name("value")):
            module, taken = _required(source, value)
            if module:
                yield module, _pattern(source, part(node, "name"), taken)


def _import_clause(source: Source, clause: Node) -> Iterator[tuple[str, str]]:
    for one in clause.named_children if clause.type == "import_clause" else ():
        if one.type == "identifier":
            yield source.text(one), "default"
        elif one.type == "namespace_import":
            yield source.text(one.named_children[-1]), "*"
        else:
            for each in one.named_children:
                own = source.text(part(each, "name"))
                alias = each.child_by_field_name("alias")
                yield (source.text(alias) if alias else own), own


def _required(source: Source, value: Node) -> tuple[str, str]:
    """(module, the part that is taken of it); an empty module if the value requires none."""
    taken = "default"
    if value.type == "member_expression":
        taken = source.text(part(value, "property"))
        value = part(value, "object")
    if value.type == "call_expression" and source.text(part(value, "function")) == "require":
        given = [text_of(source, one) for one in part(value, "arguments").named_children]
        return (given[0] or "") if given else "", taken
    return "", taken


def _pattern(source: Source, name: Node, taken: str) -> list[tuple[str, str]]:
    if name.type != "object_pattern":
        return [(source.text(name), taken)]
    found = []
    for one in name.named_children:
        if one.type == "pair_pattern":
            found.append((source.text(part(one, "value")), source.text(part(one, "key"))))
        elif one.type == "shorthand_property_identifier_pattern":
            found.append((source.text(one), source.text(one)))
    return found
