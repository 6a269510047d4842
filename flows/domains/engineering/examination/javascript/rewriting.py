"""Rewrites a file of hidden JavaScript tests: opaque names, observations for assertions, and tests that must fail.

Each callback of a test is wrapped, and the wrapper writes the result; what node:test reports is not read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tree_sitter import Node

from flows.domains.engineering.examination.javascript.assertions import MODULE, Assertions
from flows.domains.engineering.examination.javascript.controls import add_controls
from flows.domains.engineering.examination.key import Key
from flows.domains.engineering.javascript.definitions import Definition, definitions
from flows.domains.engineering.javascript.names import names_of
from flows.domains.engineering.javascript.syntax import Edits, Source, arguments, part, walk


@dataclass
class RewrittenJavaScript:
    """One rewritten file."""

    path: str
    """Its place in the tree."""
    key: Key
    text: str = ""
    tests: list[tuple[Definition, tuple[str, ...]]] = field(default_factory=list)
    """Each test, with the points that it reaches whenever it passes."""
    names: dict[int, str] = field(default_factory=dict)
    """New names by the id of the node of a definition's call."""
    must_fail: list[str] = field(default_factory=list)
    """Ids of the tests that must fail."""

    def ids(self, original: str) -> list[str]:
        """New ids of a test: one, or several where the file defines its name more than once."""
        _, _, rest = original.partition("::")
        matching = [(one, points) for one, points in self.tests if one.names.fullmatch(rest)]
        exact = [pair for pair in matching if all(one.text is not None for one in pair[0].path)]
        made = [self._new(one, points, rest) for one, points in exact or matching]
        return made or [f"{self.path}::{rest}"]

    def _new(self, test: Definition, points: tuple[str, ...], rest: str) -> str:
        given = iter(found.groups() if (found := test.names.fullmatch(rest)) else ())
        names = [self.names.get(one.call.id) or _filled(one.pattern, given) for one in test.path]
        new = "::".join([self.path, *names])
        self.key.must[new] = list(points)
        return new


def rewrite_javascript(path: str, text: str, key: Key) -> RewrittenJavaScript:
    """Rewrite a file of tests. Raises SyntaxError if it is not JavaScript."""
    source = Source(text.encode("utf-8", "surrogatepass"))
    place = PurePosixPath(path)
    made = RewrittenJavaScript(str(place.with_name(f"{key.name()}.test{place.suffix}")), key)
    names, edits = names_of(source), Edits()
    assertions = Assertions(source, names, key, edits)
    assertions.rewrite()
    for one in definitions(source, names):
        if one.text is not None:
            made.names[one.call.id] = key.name()
        _wrap(source, one, made.names.get(one.call.id), edits, plain=names.globals)
        if not one.is_group:
            made.tests.append((one, tuple(_reached(one.body, assertions.points))))
    _remove_plans(source, edits)
    made.must_fail = [f"{made.path}::{one}" for one in add_controls(source, edits, key)]
    made.text = edits.applied(source.data).decode("utf-8", "replace")
    return made


def _wrap(source: Source, one: Definition, new: str | None, edits: Edits, *, plain: bool) -> None:
    """Give a definition its new name, and wrap its callback; `plain` callbacks take `done`, and no context."""
    name = f'"{new}"' if new else source.text(one.name)
    if new:
        edits.replace(one.name.start_byte, one.name.end_byte, name)
    function = "group" if one.is_group else "test"
    edits.replace(one.body.start_byte, one.body.start_byte, f"{MODULE}.{function}({name}, ")
    edits.replace(one.body.end_byte, one.body.end_byte, f", {str(plain).lower()})")


def _filled(pattern: str, given: Iterator[str]) -> str:
    """A name of a pattern with the texts that its open parts matched."""
    parts = pattern.split("(.*)")
    unescaped = [re.sub(r"\\(.)", r"\1", one, flags=re.DOTALL) for one in parts]
    return unescaped[0] + "".join(next(given, "") + one for one in unescaped[1:])


def _remove_plans(source: Source, edits: Edits) -> None:
    """A plan counts assertions of the test's context, of which none is left."""
    for node in walk(source.root):
        if node.type == "call_expression":
            function = part(node, "function")
            planned = function.type == "member_expression" and source.text(part(function, "property")) == "plan"
            if planned and [one.type for one in arguments(node)] == ["number"]:
                edits.replace(node.start_byte, node.end_byte, "undefined")


def _reached(body: Node, points: dict[int, str]) -> Iterator[str]:
    """Points of the statements of a callback that it reaches whenever it passes."""
    block = body.child_by_field_name("body")
    if block is None:
        return
    for one in block.named_children if block.type == "statement_block" else [block]:
        node = one.named_children[0] if one.type == "expression_statement" else one
        node = node.named_children[0] if node.type == "await_expression" else node
        if node.id in points:
            yield points[node.id]
        if any(each.type in {"return_statement", "yield_expression"} for each in walk(one)):
            return
