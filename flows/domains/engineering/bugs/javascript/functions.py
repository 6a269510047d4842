"""Functions of a JavaScript file, by the line on which they begin, and the nodes that are their own."""

from collections.abc import Iterator

from tree_sitter import Node

from flows.domains.engineering.bugs.edit import Edit, Place
from flows.domains.engineering.javascript.syntax import FUNCTIONS, Source, walk


def functions(source: Source, path: str) -> Iterator[tuple[Node, Place]]:
    """All functions with a block as their body, the nested ones too."""
    for node in walk(source.root):
        body = node.child_by_field_name("body") if node.type in FUNCTIONS else None
        if body is not None and body.type == "statement_block":
            yield node, Place(path, node.start_point[0] + 1)


def own_nodes(function: Node) -> Iterator[Node]:
    """The nodes of a function's body in the order of the source, without those of nested functions."""
    body = function.child_by_field_name("body")
    waiting = list(reversed(body.named_children)) if body else []
    while waiting:
        node = waiting.pop()
        yield node
        if node.type not in FUNCTIONS:
            waiting.extend(reversed(node.named_children))


def edit(source: Source, path: str, span: tuple[int, int], text: str) -> Edit:
    """The edit of a span of bytes, which an edit counts in characters."""
    start, end = (len(source.data[:place].decode("utf-8", "replace")) for place in span)
    return Edit(path, start, end, text)
