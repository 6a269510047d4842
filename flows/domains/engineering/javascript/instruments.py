"""Lets a file of tests note the calls that its assertions check, so that a failure can be reported as a user sees it.

A call is followed to what the file imports: `redact(data)` with `const redact = make({ paths })` is described as
`make({ paths })(data)`, with the arguments that it had. Nothing else of the file changes, and lines keep their numbers.
"""

import json
from dataclasses import dataclass, field

from tree_sitter import Node

from flows.domains.engineering.javascript.definitions import definitions
from flows.domains.engineering.javascript.names import imported, names_of
from flows.domains.engineering.javascript.sealing import method_of
from flows.domains.engineering.javascript.syntax import Edits, Source, arguments, part, walk

MODULE = "_observations"
Description = list[str | int]
"""Texts, and numbers of calls in the place of whose arguments these stand."""
MOST_STEPS = 8
PARSE = "JSON.parse"
"""A function whose argument shows more than its value."""


def instrumented(text: str) -> str:
    """The file with noted calls; a file that does not parse stays as it is."""
    source, edits = Source(text.encode("utf-8", "surrogatepass")), Edits()
    try:
        names = names_of(source)
        for one in definitions(source, names):
            function = "group" if one.is_group else "test"
            edits.replace(one.body.start_byte, one.body.start_byte, f"{MODULE}.{function}({source.text(one.name)}, ")
            edits.replace(one.body.end_byte, one.body.end_byte, f", {str(names.globals).lower()})")
        calls, table = _Calls(source), []
        for node in walk(source.root):
            if node.type == "call_expression" and (found := method_of(source, names, node)):
                described = calls.describe(_checked(node, found[0]), MOST_STEPS)
                if described and any(isinstance(one, int) for one in described):
                    table.append([found[0], node.start_point[0] + 1, node.end_point[0] + 1, described])
    except SyntaxError:
        return text
    calls.note(edits)
    head = next((one.start_byte for one in source.root.named_children if one.type not in {"comment", "hash_bang_line"}
                 and not source.text(one).strip().startswith(("'use", '"use'))), 0)  # fmt: skip
    edits.made.insert(0, (head, head, f"{MODULE}.described({json.dumps(table)}); "))
    return edits.applied(source.data).decode("utf-8", "replace")


def _checked(assertion: Node, method: str) -> Node | None:
    """The expression that an assertion checks."""
    given = arguments(assertion)
    if given and method in {"throws", "rejects", "doesNotThrow"}:
        return given[0].child_by_field_name("body") if given[0].type == "arrow_function" else None
    return given[0] if given else None


@dataclass
class _Calls:
    """The calls of one file that are described, by the place of their arguments."""

    source: Source
    numbers: dict[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._imported = imported(self.source)
        self._declared = [one for one in walk(self.source.root) if one.type == "variable_declarator"]

    def describe(self, node: Node | None, steps: int) -> Description | None:
        """How a user would write an expression; None if it depends on more than imports and values."""
        while node and node.type in {"await_expression", "parenthesized_expression"}:
            node = node.named_children[0]
        if node is None or steps == 0:
            return None
        if node.type == "identifier":
            return self._name(node, steps)
        if node.type in {"member_expression", "subscript_expression"}:
            owner = part(node, "object")
            own = self.source.data[owner.end_byte : node.end_byte].decode("utf-8", "replace")
            described = self.describe(owner, steps - 1)
            return [*described, own] if described else None
        if node.type in {"call_expression", "new_expression"}:
            return self._call(node, steps)
        return None

    def _name(self, node: Node, steps: int) -> Description | None:
        text = self.source.text(node)
        if text in self._imported:
            return [text]
        near = [one for one in self._declared if self._declares(one, text, node)]
        value = near[-1].child_by_field_name("value") if near else None
        return self.describe(value, steps - 1)

    def _declares(self, one: Node, name: str, use: Node) -> bool:
        """True if a declaration before a use gives it its value."""
        block = one.parent.parent if one.parent else None
        own = part(one, "name")
        seen = block is not None and block.start_byte <= use.start_byte < block.end_byte
        return seen and own.type == "identifier" and self.source.text(own) == name and one.end_byte <= use.start_byte

    def _call(self, node: Node, steps: int) -> Description | None:
        given = node.child_by_field_name("arguments")
        made = "new " if node.type == "new_expression" else ""
        function = part(node, "constructor" if made else "function")
        if self.source.text(function) == PARSE:
            inner = self.describe(next(iter(arguments(node)), None), steps - 1)
            return [f"{PARSE}(", *inner, ")"] if inner else None
        described = self.describe(function, steps - 1)
        if described is None or given is None or given.type != "arguments":
            return None
        number = self.numbers.setdefault((given.start_byte, given.end_byte), len(self.numbers))
        return [made, *described, "(", number, ")"]

    def note(self, edits: Edits) -> None:
        """Note the arguments of all described calls."""
        for (start, end), number in self.numbers.items():
            edits.replace(start + 1, start + 1, f"...{MODULE}.noted({number}, [")
            edits.replace(end - 1, end - 1, "])")
