"""Lists the bugs that could be put into the functions of a tree, in an order of their own for each seed.

The order takes files, operators and functions in turn, so that any stretch of it is varied.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import PurePosixPath
from typing import TypeVar

from flows.domains.engineering.bugs import expressions, statements
from flows.domains.engineering.bugs.edit import Bug, Edit, Place, changed_files
from flows.domains.engineering.bugs.javascript.mutations import mutations, parse
from flows.domains.engineering.bugs.module import FunctionNode, Module
from flows.domains.engineering.bugs.removal import removed_body
from flows.domains.engineering.suite.languages import JAVASCRIPT

Operator = Callable[[Module, FunctionNode], Iterator[Edit]]
OPERATORS: Mapping[str, Operator] = {
    one.__name__: one
    for one in (
        expressions.comparison, expressions.boolean, expressions.arithmetic, expressions.off_by_one,
        expressions.swapped_arguments, expressions.wrong_method, expressions.slice_bounds, expressions.missing_call,
        expressions.constant, expressions.loop_bound, expressions.dropped_keyword, expressions.swapped_branches,
        expressions.wrong_variable, statements.removed_guard, statements.removed_branch, statements.early_return,
        statements.exception_type, statements.forgotten_statement, statements.state_not_reset,
        statements.wrong_update, statements.wrong_default, statements.wrong_result,
    )
}  # fmt: skip
REMOVAL: Mapping[str, Operator] = {"removed": removed_body}
Item = TypeVar("Item")


def candidates(texts: Mapping[str, str], functions: Iterable[Place], operators: Mapping[str, Operator]) -> list[Bug]:
    """All bugs of these operators in these functions, in the order of the source. Files that do not parse have none."""
    wanted = set(functions)
    scripts = {path: text for path, text in texts.items() if JAVASCRIPT.is_source(PurePosixPath(path))}
    if scripts:
        return [bug for path, text in sorted(scripts.items()) for bug in mutations(path, text, wanted, operators)]
    return [
        Bug(name, (place,), (edit,))
        for path, text in sorted(texts.items())
        if (module := _parsed(path, text))
        for node, place in module.functions()
        if place in wanted
        for name, operator in operators.items()
        for edit in operator(module, node)
    ]


def varied(bugs: Sequence[Bug], seed: str) -> list[Bug]:
    """The bugs in the order of a seed: files in turn, in each file operators in turn."""
    dice = random.Random(seed)  # noqa: S311 - nothing secret
    by_file: dict[str, dict[str, list[Bug]]] = {}
    for bug in bugs:
        by_file.setdefault(min(bug.paths), {}).setdefault(bug.operator, []).append(bug)
    files = [_in_turn([dice.sample(one, len(one)) for one in kinds.values()], dice) for kinds in by_file.values()]
    return _in_turn(files, dice)


def valid(texts: Mapping[str, str], bug: Bug) -> bool:
    """True if the changed files differ and can be compiled."""
    try:
        changed = changed_files(texts, [bug])
        for path, text in changed.items():
            if JAVASCRIPT.is_source(PurePosixPath(path)):
                parse(text)
            else:
                compile(text, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return all(text != texts[path] for path, text in changed.items())


def _in_turn(groups: list[list[Item]], dice: random.Random) -> list[Item]:
    """One item of each group that has some left, again and again; the groups in an order of the dice."""
    shuffled = dice.sample(groups, len(groups))
    return [item for row in zip_longest(*shuffled, fillvalue=None) for item in row if item is not None]


def _parsed(path: str, text: str) -> Module | None:
    module = Module(path, text)
    try:
        module.tree  # noqa: B018
    except (SyntaxError, ValueError):
        return None
    return module
