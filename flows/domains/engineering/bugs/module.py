"""A parsed source file: the text of its nodes, and edits that keep everything around them as it was written."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from flows.domains.engineering.bugs.edit import Edit, Place

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One file of the tree."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree. Raises SyntaxError."""
        return ast.parse(self.text)

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        for line in self._lines:
            starts.append(starts[-1] + len(line) + 1)
        return starts

    def offset(self, line: int, byte: int) -> int:
        """The place of a node's line and column in characters."""
        text = self._lines[line - 1]
        return self._starts[line - 1] + (byte if text.isascii() else len(text.encode()[:byte].decode()))

    def start(self, node: ast.expr | ast.stmt | ast.excepthandler) -> int:
        """The first character of a node."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.stmt | ast.excepthandler) -> int:
        """The place after the last character of a node."""
        return self.offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def source(self, node: ast.expr | ast.stmt) -> str:
        """The text of a node as it was written."""
        return self.text[self.start(node) : self.end(node)]

    def replaced(self, node: ast.expr | ast.stmt, text: str) -> Edit:
        """The edit that puts another text in the place of a node."""
        return Edit(self.path, self.start(node), self.end(node), text)

    def without(self, statement: ast.stmt, block: list[ast.stmt]) -> Edit:
        """The edit that removes a statement: its whole lines, or `pass` in its place if its block has no other."""
        start, end = self.start(statement), self.end(statement)
        line_start, line_end = self.text.rfind("\n", 0, start) + 1, self.text.find("\n", end)
        alone = not self.text[line_start:start].strip() and line_end >= 0 and not self.text[end:line_end].strip()
        if len(block) > 1 and alone:
            return Edit(self.path, line_start, line_end + 1, "")
        return self.replaced(statement, "pass")

    def functions(self) -> Iterator[tuple[FunctionNode, Place]]:
        """All functions, the nested ones too."""
        for node in ast.walk(self.tree):
            if isinstance(node, FunctionNode):
                yield node, Place(self.path, min([node.lineno, *(one.lineno for one in node.decorator_list)]))


@lru_cache(maxsize=4)
def own_nodes(function: FunctionNode) -> Sequence[ast.AST]:
    """All nodes of a function in the order of the source, without those of nested functions and classes.

    The last ones are kept, since one operator after the other reads those of the same function.
    """
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    found: list[ast.AST] = []
    waiting: list[ast.AST] = [*reversed(body)]
    while waiting:
        node = waiting.pop()
        found.append(node)
        if not isinstance(node, FunctionNode | ast.ClassDef | ast.Lambda):
            waiting.extend(reversed(list(ast.iter_child_nodes(node))))
    return found


def blocks(function: FunctionNode) -> Iterator[list[ast.stmt]]:
    """The lists of statements of a function, without its docstring."""
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    yield body
    for node in own_nodes(function):
        if not isinstance(node, FunctionNode | ast.ClassDef):
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list) and block and isinstance(block[0], ast.stmt):
                    yield block
