"""The operator that empties functions: signature and docstring stay, the body is to be written again."""

import ast
from collections.abc import Iterator

from flows.domains.engineering.bugs.edit import Edit
from flows.domains.engineering.bugs.module import FunctionNode, Module

MIN_STATEMENTS, MIN_LINES, MAX_LINES = 3, 4, 60
"""Bodies that are worth writing again, and not too long to be fixed by signature, docstring and tests."""


def removed_body(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """The body of a function with a docstring is gone, so that it returns None; no word marks the place."""
    if ast.get_docstring(function, clean=False) is None:
        return
    docstring, *body = function.body
    n_statements = sum(isinstance(node, ast.stmt) for one in body for node in ast.walk(one))
    if not body or n_statements < MIN_STATEMENTS:
        return
    if MIN_LINES <= (body[-1].end_lineno or 0) - body[0].lineno + 1 <= MAX_LINES:
        yield Edit(module.path, module.end(docstring), module.end(body[-1]), "")
