"""The operator that empties functions: signature and docstring stay, the body is to be written again."""

import ast
from collections.abc import Iterator

from flows.domains.engineering.bugs.edit import Edit
from flows.domains.engineering.bugs.module import FunctionNode, Module

MIN_STATEMENTS, MIN_LINES, MAX_LINES = 3, 4, 60
"""Bodies that are worth writing again, and not too long to be fixed by signature, docstring and tests."""
REMAINS = "raise NotImplementedError"


def removed_body(module: Module, function: FunctionNode) -> Iterator[Edit]:
    """The body of a function with a docstring is gone."""
    if ast.get_docstring(function, clean=False) is None:
        return
    body = function.body[1:]
    n_statements = sum(isinstance(node, ast.stmt) for one in body for node in ast.walk(one))
    if not body or n_statements < MIN_STATEMENTS:
        return
    if MIN_LINES <= (body[-1].end_lineno or 0) - body[0].lineno + 1 <= MAX_LINES:
        first = body[0]
        start = module.start(first)
        if isinstance(first, FunctionNode | ast.ClassDef) and first.decorator_list:
            start = module.start(first.decorator_list[0]) - 1
        yield Edit(module.path, start, module.end(body[-1]), REMAINS)
