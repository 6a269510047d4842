"""Files of JavaScript tests without some of their tests, with everything else as it was written."""

from collections.abc import Iterable

from flows.domains.engineering.javascript.definitions import Definition, definitions
from flows.domains.engineering.javascript.names import names_of
from flows.domains.engineering.javascript.syntax import Edits, Source


def removable(text: str, names: str) -> bool:
    """True if a test, by its names joined with `::`, is written once in the file, as a statement of its own."""
    return len(_written(text, {names})) == 1


def without(text: str, tests: Iterable[str]) -> str:
    """The file without these tests, given by their names joined with `::`."""
    source, edits = Source(text.encode("utf-8", "surrogatepass")), Edits()
    for one in _written(text, set(tests)):
        start, end = one.call.start_byte, one.call.end_byte
        node = one.call
        while node.parent and node.type != "expression_statement":
            node = node.parent
        if node.type == "expression_statement":
            start, end = node.start_byte, node.end_byte
        if not any(before <= start and end <= after for before, after, _ in edits.made):
            edits.replace(start, end, "" if node.type == "expression_statement" else "undefined")
    return edits.applied(source.data).decode("utf-8", "replace")


def _written(text: str, wanted: set[str]) -> list[Definition]:
    source = Source(text.encode("utf-8", "surrogatepass"))
    try:
        found = definitions(source, names_of(source))
    except SyntaxError:
        return []
    return [
        one
        for one in found
        if not one.is_group
        and all(each.text is not None for each in one.path)
        and "::".join(each.text or "" for each in one.path) in wanted
    ]
