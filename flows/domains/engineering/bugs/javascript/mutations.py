"""Mutation operators of JavaScript: small mistakes in one function each, under the names of Python's operators."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from tree_sitter import Node

from flows.domains.engineering.bugs.edit import Bug, Place
from flows.domains.engineering.bugs.javascript.functions import edit, functions, own_nodes
from flows.domains.engineering.javascript.syntax import Source, arguments, part

Span = tuple[int, int]
Change = tuple[Span, str]
Operator = Callable[[Source, Node], Iterator[Change]]
COMPARED = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "===": "!==", "!==": "===", "==": "!=", "!=": "=="}
COMPUTED = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "*"}
JOINED = {"&&": "||", "||": "&&"}
INTEGER = re.compile(r"\d{1,6}")
MIN_LINES, MAX_LINES = 3, 60
"""Lines of a body that is worth writing again."""
REMAINS = "{\n}"


def _span(node: Node) -> Span:
    return node.start_byte, node.end_byte


def _operators(function: Node, source: Source, table: Mapping[str, str]) -> Iterator[Change]:
    for node in own_nodes(function):
        sign = node.child_by_field_name("operator") if node.type == "binary_expression" else None
        if sign and source.text(sign) in table:
            yield _span(sign), table[source.text(sign)]


def comparison(source: Source, function: Node) -> Iterator[Change]:
    """`<` becomes `<=`, `===` becomes `!==`."""
    yield from _operators(function, source, COMPARED)


def arithmetic(source: Source, function: Node) -> Iterator[Change]:
    """`+` becomes `-`, unless a text is added."""
    for span, text in _operators(function, source, COMPUTED):
        line = source.data[max(0, span[0] - 40) : span[1] + 40]
        if not (source.data[span[0] : span[1]] == b"+" and re.search(rb"['\"`]", line)):
            yield span, text


def boolean(source: Source, function: Node) -> Iterator[Change]:
    """`&&` becomes `||`, and a negation is gone."""
    yield from _operators(function, source, JOINED)
    for node in own_nodes(function):
        if node.type == "unary_expression" and source.text(part(node, "operator")) == "!":
            yield _span(node), source.text(part(node, "argument"))


def constant(source: Source, function: Node) -> Iterator[Change]:
    """A number is one more, `true` becomes `false`."""
    for node in own_nodes(function):
        text = source.text(node)
        if node.type == "number" and INTEGER.fullmatch(text):
            yield _span(node), str(int(text) + 1)
        elif node.type in {"true", "false"}:
            yield _span(node), "false" if node.type == "true" else "true"


def swapped_arguments(source: Source, function: Node) -> Iterator[Change]:
    """The first two arguments of a call change places."""
    for node in own_nodes(function):
        given = arguments(node) if node.type == "call_expression" else []
        if len(given) > 1 and all(one.type in {"identifier", "member_expression", "number"} for one in given[:2]):
            between = source.data[given[0].end_byte : given[1].start_byte].decode("utf-8", "replace")
            swapped = f"{source.text(given[1])}{between}{source.text(given[0])}"
            yield (given[0].start_byte, given[1].end_byte), swapped


def removed_guard(source: Source, function: Node) -> Iterator[Change]:
    """A condition that leaves the function is gone."""
    for node in own_nodes(function):
        if node.type == "if_statement" and not node.child_by_field_name("alternative"):
            held = part(node, "consequence")
            last = held.named_children[-1] if held.type == "statement_block" and held.named_children else held
            if last.type in {"return_statement", "throw_statement", "continue_statement", "break_statement"}:
                yield _span(node), ";"


def swapped_branches(source: Source, function: Node) -> Iterator[Change]:
    """Both parts of a conditional change places."""
    for node in own_nodes(function):
        if node.type == "ternary_expression":
            first, second = part(node, "consequence"), part(node, "alternative")
            between = source.data[first.end_byte : second.start_byte].decode("utf-8", "replace")
            text = f"{source.text(second)}{between}{source.text(first)}"
            yield (first.start_byte, second.end_byte), text


def forgotten_statement(source: Source, function: Node) -> Iterator[Change]:
    """An assignment or a call whose result is not used is gone."""
    for node in own_nodes(function):
        if node.type == "expression_statement" and node.named_children:
            kind = node.named_children[0].type
            if kind in {"assignment_expression", "augmented_assignment_expression", "call_expression",
                        "update_expression"}:  # fmt: skip
                yield _span(node), ";"


def wrong_update(source: Source, function: Node) -> Iterator[Change]:
    """`+=` becomes `-=` or `=`, `++` becomes `--` outside of the head of a loop."""
    for node in own_nodes(function):
        sign = node.child_by_field_name("operator")
        if node.type == "augmented_assignment_expression" and sign:
            yield _span(sign), "="
        elif node.type == "update_expression" and sign and node.parent and node.parent.type == "expression_statement":
            yield _span(sign), {"++": "--", "--": "++"}[source.text(sign)]


def removed(source: Source, function: Node) -> Iterator[Change]:
    """The body of a function with a name is gone, so that it returns undefined; no word marks the place."""
    body = part(function, "body")
    if function.child_by_field_name("name") and MIN_LINES <= body.end_point[0] - body.start_point[0] - 1 <= MAX_LINES:
        yield _span(body), REMAINS


OPERATORS: Mapping[str, Operator] = {
    one.__name__: one
    for one in (comparison, boolean, arithmetic, constant, swapped_arguments, removed_guard, swapped_branches,
                forgotten_statement, wrong_update, removed)
}  # fmt: skip


def mutations(path: str, text: str, wanted: Iterable[Place], names: Iterable[str]) -> Iterator[Bug]:
    """All bugs of these operators in these functions of a file; a file that does not parse has none."""
    source, places, made = Source(text.encode("utf-8", "surrogatepass")), set(wanted), list[Bug]()
    try:
        for function, place in functions(source, path):
            for name in names if place in places else ():
                for span, new in OPERATORS[name](source, function) if name in OPERATORS else ():
                    made.append(Bug(name, (place,), (edit(source, path, span, new),)))
    except SyntaxError:
        return
    yield from made


def parse(text: str) -> None:
    """Raises SyntaxError if a text is no JavaScript."""
    Source(text.encode("utf-8", "surrogatepass")).root  # noqa: B018
