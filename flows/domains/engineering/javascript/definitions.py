"""The tests and groups that a file of tests defines, with the names that its runner will give them.

The id of a test is its file and the names on the way to it, joined by `::`. A name may be made while the file runs, so
each definition has a pattern of its names.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from flows.domains.engineering.javascript.literals import text_of
from flows.domains.engineering.javascript.names import Names
from flows.domains.engineering.javascript.syntax import FUNCTIONS, Source, arguments, part

ANY = "(.*)"


@dataclass(frozen=True)
class Definition:
    """A call that defines a test or a group of tests."""

    call: Node
    name: Node
    body: Node
    is_group: bool
    above: tuple["Definition", ...]
    text: str | None
    """Its name, if that is written out."""
    pattern: str
    """A regular expression of its name."""

    @property
    def path(self) -> "tuple[Definition, ...]":
        """The groups and tests around it, and itself."""
        return (*self.above, self)

    @cached_property
    def names(self) -> re.Pattern[str]:
        """Matches the names on the way to it, joined by `::`."""
        return re.compile("::".join(one.pattern for one in self.path), re.DOTALL)


def definitions(source: Source, names: Names) -> list[Definition]:
    """All definitions of a file, in the order of the source."""
    return list(_below(source, names, source.root, ()))


def _below(source: Source, names: Names, node: Node, above: tuple[Definition, ...]) -> Iterator[Definition]:
    made = _definition(source, names, node, above) if node.type == "call_expression" else None
    if made:
        yield made
        above = made.path
    for one in node.named_children:
        yield from _below(source, names, one, above)


def _definition(source: Source, names: Names, call: Node, above: tuple[Definition, ...]) -> Definition | None:
    kind = _kind(source, names, part(call, "function"))
    given = arguments(call)
    if not kind or len(given) < 2 or given[-1].type not in {*FUNCTIONS, "identifier"}:
        return None
    text = text_of(source, given[0])
    return Definition(call, given[0], given[-1], kind == "group", above, text, _pattern(source, given[0], text))


def _kind(source: Source, names: Names, function: Node) -> str:
    name = source.text(function)
    if function.type == "member_expression":
        owner, own = source.text(part(function, "object")), source.text(part(function, "property"))
        if own == "test" and part(function, "object").type == "identifier":
            return "test"
        name = owner if own == "only" else own if owner in names.tests and own in {"it", "test", "describe"} else ""
        if own == "describe" and name:
            return "group"
        if name in {"it", "test"} and owner in names.tests:
            return "test"
    return "test" if name in names.tests else "group" if name in names.groups else ""


def _pattern(source: Source, node: Node, text: str | None) -> str:
    if text is not None:
        return re.escape(text)
    if node.type != "template_string":
        return ANY
    return "".join(
        ANY if one.type == "template_substitution" else re.escape(source.text(one)) for one in node.named_children
    )
