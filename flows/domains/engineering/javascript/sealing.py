"""Finds the expected values of a file of tests: those written in assertions, and those that a constant holds.

A constant is sealed if all that the file does with it is to compare something with it: then its value becomes a
line-up, so that nothing in the file shows which value is expected.
"""

import ast
from collections.abc import Iterator

from tree_sitter import Node

from flows.domains.engineering.javascript.literals import literal
from flows.domains.engineering.javascript.names import Names
from flows.domains.engineering.javascript.syntax import Source, arguments, part, walk

EQUAL = {"equal": ("loose", "strict"), "strictEqual": ("strict", "strict"), "deepEqual": ("deepLoose", "deep"),
         "deepStrictEqual": ("deep", "deep")}  # fmt: skip
"""Assertion of equality -> how it compares, where assertions are loose and where they are strict."""


def method_of(source: Source, names: Names, call: Node) -> tuple[str, bool] | None:
    """(method, whether it is strict) of a call of an assertion; the method of `assert(x)` is `default`."""
    function = part(call, "function")
    text = source.text(function)
    if function.type == "identifier":
        return ("default", False) if text in names.asserts else names.functions.get(text)
    if function.type != "member_expression":
        return None
    owner, own = part(function, "object"), source.text(part(function, "property"))
    if owner.type == "member_expression":
        last = source.text(part(owner, "property"))
        known = source.text(part(owner, "object")) in names.asserts
        of_context = last == "assert" and part(owner, "object").type == "identifier"
        return (own, last == "strict") if of_context or (known and last == "strict") else None
    strict = names.asserts.get(source.text(owner))
    return None if strict is None else (own, strict)


def expected_values(source: Source, names: Names) -> Iterator[ast.expr]:
    """Values with which the file compares something."""
    for expected in _expected(source, names):
        if (value := literal(source, expected)) is not None:
            yield value


def constants(source: Source, names: Names) -> dict[str, list[Node]]:
    """Name -> its values, for names that are constants of literals and nothing but expected values."""
    values, seen, compared = dict[str, list[Node]](), dict[str, int](), dict[str, int]()
    for node in walk(source.root):
        if node.type in {"identifier", "shorthand_property_identifier", "shorthand_property_identifier_pattern"}:
            seen[source.text(node)] = seen.get(source.text(node), 0) + 1
        elif node.type == "lexical_declaration" and source.text(part(node, "kind")) == "const":
            for one in node.named_children:
                value = one.child_by_field_name("value") if one.type == "variable_declarator" else None
                if value and part(one, "name").type == "identifier" and literal(source, value) is not None:
                    values.setdefault(source.text(part(one, "name")), []).append(value)
    for expected in _expected(source, names):
        compared[source.text(expected)] = compared.get(source.text(expected), 0) + 1
    return {
        name: found
        for name, found in values.items()
        if compared.get(name) and seen[name] == compared[name] + len(found)
    }


def _expected(source: Source, names: Names) -> Iterator[Node]:
    for node in walk(source.root):
        if node.type == "call_expression" and (found := method_of(source, names, node)):
            given = arguments(node)
            if found[0] in EQUAL and len(given) > 1:
                yield given[1]
