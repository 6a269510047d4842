"""Parsed JavaScript files with byte places of their nodes, by tree-sitter, and text edits that keep the rest as it was.

Every change of JavaScript here is an edit of a span; no file is printed anew from its tree.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

LANGUAGE = Language(tree_sitter_javascript.language())
FUNCTIONS = {"function_declaration", "function_expression", "arrow_function", "method_definition",
             "generator_function_declaration", "generator_function"}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One file."""

    data: bytes

    @cached_property
    def root(self) -> Node:
        """The program. Raises SyntaxError if a part of it cannot be parsed."""
        root = Parser(LANGUAGE).parse(self.data).root_node
        if root.has_error:
            raise SyntaxError("a part of the file is no JavaScript")
        return root

    @property
    def is_module(self) -> bool:
        """True if it imports or exports in the syntax of modules."""
        return any(one.type in {"import_statement", "export_statement"} for one in self.root.named_children)

    def text(self, node: Node) -> str:
        """The text of a node as it was written."""
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")


@dataclass
class Edits:
    """Replacements of spans of one file, which do not overlap; insertions at one place keep their order."""

    made: list[tuple[int, int, str]] = field(default_factory=list)

    def replace(self, start: int, end: int, text: str) -> None:
        """Put a text in the place of a span of bytes."""
        self.made.append((start, end, text))

    def applied(self, data: bytes) -> bytes:
        """The file with all replacements."""
        parts, at = list[bytes](), 0
        for start, end, text in sorted(self.made, key=lambda one: (one[0], one[1])):
            parts += [data[at:start], text.encode("utf-8", "surrogatepass")]
            at = end
        return b"".join([*parts, data[at:]])


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, in the order of the source."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting.extend(reversed(one.named_children))


def part(node: Node, name: str) -> Node:
    """A part that the grammar always gives. Raises SyntaxError if it is missing."""
    found = node.child_by_field_name(name)
    if found is None:
        raise SyntaxError(f"a {node.type} without {name}")
    return found


def arguments(call: Node) -> list[Node]:
    """The arguments of a call; none of one with a template."""
    given = call.child_by_field_name("arguments")
    if given is None or given.type != "arguments":
        return []
    return [one for one in given.named_children if one.type != "comment"]
