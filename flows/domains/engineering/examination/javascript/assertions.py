"""Rewrites node's assertions in a file of tests into observations, whose results are recorded and not decided.

`assert.equal(f(2), 4)` becomes a comparison of `f(2)` with a line-up of 4 and its decoys. Assertions whose failure the
test itself would catch stay as they are.
"""

import ast
from collections.abc import Sequence

from tree_sitter import Node

from flows.domains.engineering.examination.decoys import line_up
from flows.domains.engineering.examination.javascript.rendering import rendered
from flows.domains.engineering.examination.key import Key
from flows.domains.engineering.javascript.literals import literal
from flows.domains.engineering.javascript.names import Names
from flows.domains.engineering.javascript.sealing import EQUAL, constants, expected_values, method_of
from flows.domains.engineering.javascript.syntax import Edits, Source, arguments, part

MODULE = "_observations"
DIFFERENT = {"notEqual": "equal", "notStrictEqual": "strictEqual", "notDeepEqual": "deepEqual",
             "notDeepStrictEqual": "deepStrictEqual"}  # fmt: skip
SINGLE = ("true", "false", "null", "undefined")
COMMON, ODD = ("RangeError", "SyntaxError", "ReferenceError", "TypeError"), ("EvalError", "URIError")
"""Classes of decoys; a class of the tested code may inherit from a common one."""
QUIET = {"regex", "string", "template_string", "arrow_function", "function_expression"}


class Assertions:
    """The pass over one file; edits go to `edits`."""

    def __init__(self, source: Source, names: Names, key: Key, edits: Edits) -> None:
        self.source, self.names, self.key, self.edits = source, names, key, edits
        self.points: dict[int, str] = {}
        """Point by the id of the node of its call."""
        self._pool: Sequence[ast.expr] = list(expected_values(source, names))
        self._sealed: frozenset[str] = frozenset()

    def rewrite(self) -> None:
        """Make the edits of all assertions."""
        sealed = set()
        for name, values in constants(self.source, self.names).items():
            lineups = [self._lineup(one) for one in values]
            if None not in lineups:
                sealed.add(name)
                for node, made in zip(values, lineups, strict=True):
                    self.edits.replace(node.start_byte, node.end_byte, made or "")
        self._sealed = frozenset(sealed)
        self._below(self.source.root, caught=False)

    def _below(self, node: Node, *, caught: bool) -> None:
        handled = node.type == "try_statement" and node.child_by_field_name("handler") is not None
        inside = node.type == "call_expression" and (found := method_of(self.source, self.names, node)) is not None
        if inside and found and not caught:
            self._assertion(node, *found)
        catches = inside and found is not None and found[0] in {"throws", "rejects", "doesNotThrow", "doesNotReject"}
        for one in node.named_children:
            below = handled and one == node.child_by_field_name("body")
            self._below(one, caught=caught or below or (catches and one.type == "arguments"))

    def _assertion(self, call: Node, method: str, strict: bool) -> None:
        given = arguments(call)
        if any(one.type == "spread_element" for one in given):
            return
        if method in EQUAL and len(given) > 1:
            self._equal(call, given, EQUAL[method][strict])
        elif method in DIFFERENT and len(given) > 1:
            point = self._point(call, "0")
            self._call(call, "differs", f'"{point}", "{EQUAL[DIFFERENT[method]][strict]}"', given, 2)
        elif method in {"ok", "default"} and given:
            self._truth(call, given)
        elif method in {"match", "doesNotMatch"} and len(given) > 1:
            bits = "1" if method == "match" else "0"
            self._call(call, "match", f'"{self._point(call, bits)}", {int(bits)}', given, 2)
        elif method in {"throws", "rejects"} and given:
            self._throws(call, given, method)

    def _equal(self, call: Node, given: list[Node], mode: str) -> None:
        for expected, actual in ((given[1], given[0]), (given[0], given[1])):
            if (lineup := self._expected(expected)) is not None:
                self._choose(call, actual, lineup, mode)
                return
        self._call(call, "same", f'"{self._point(call, "100")}", "{mode}"', given, 2)

    def _choose(self, call: Node, actual: Node, lineup: str, mode: str) -> None:
        """Replace all but the tested value, in which further assertions may be."""
        point = self._point(call, "")
        self.edits.replace(call.start_byte, actual.start_byte, f'{MODULE}.choose("{point}", "{mode}", {lineup}, ')
        self.edits.replace(actual.end_byte, call.end_byte, ")")

    def _truth(self, call: Node, given: list[Node]) -> None:
        node = given[0]
        if node.type == "binary_expression" and self.source.text(part(node, "operator")) in {"===", "=="}:
            mode = "strict" if self.source.text(part(node, "operator")) == "===" else "loose"
            sides = part(node, "left"), part(node, "right")
            for actual, expected in (sides, sides[::-1]):
                if (lineup := self._expected(expected)) is not None:
                    self._choose(call, actual, lineup, mode)
                    return
        wanted = self.key.dice.random() < 0.5
        point = self._point(call, str(int(wanted)))
        opening, closing = ("(", ")") if wanted else ("!(", ")")
        self.edits.replace(call.start_byte, node.start_byte, f'{MODULE}.truth("{point}", {int(wanted)}, {opening}')
        self.edits.replace(node.end_byte, call.end_byte, f"{closing})")

    def _throws(self, call: Node, given: list[Node], method: str) -> None:
        matcher = given[1] if len(given) > 1 else None
        lineup = self._matchers(matcher) if matcher else None
        point = self._point(call, "" if lineup else "1")
        head = f'{MODULE}.{method}("{point}", '
        tail = f", {lineup})" if lineup else ")"
        if matcher and not lineup and matcher.type not in {"string", "template_string"}:
            tail = f", {self.source.text(matcher)})"
        self.edits.replace(call.start_byte, given[0].start_byte, head)
        self.edits.replace(given[0].end_byte, call.end_byte, tail)

    def _matchers(self, node: Node) -> str | None:
        """A line-up of an error's class, or of an object with one of its values changed."""
        text = self.source.text(node)
        if node.type == "identifier" and text[:1].isupper():
            odd = [one for one in (*ODD, *(COMMON if text in (*COMMON, *ODD) else ())) if one != text]
            options = self.key.dice.sample(odd, 2) if len(odd) > 1 else [*odd, "AggregateError"]
            place = self.key.dice.randrange(3)
            options.insert(place, text)
            return self._made(options, place)
        if node.type != "object":
            return None
        for one in node.named_children:
            value = one.child_by_field_name("value") if one.type == "pair" else None
            if value and (found := self._options(value)):
                head = text.encode()[: value.start_byte - node.start_byte].decode()
                rest = text.encode()[value.end_byte - node.start_byte :].decode()
                return self._made([f"{head}{option}{rest}" for option in found[0]], found[1])
        return None

    def _expected(self, node: Node) -> str | None:
        if node.type == "identifier" and self.source.text(node) in self._sealed:
            return self.source.text(node)
        return self._lineup(node)

    def _lineup(self, node: Node) -> str | None:
        text = self.source.text(node)
        if text in SINGLE:
            options = self.key.dice.sample(SINGLE, 4)
            mode_safe = [one for one in options if one == text or {one, text} != {"null", "undefined"}]
            return self._made(mode_safe, mode_safe.index(text))
        found = self._options(node)
        return self._made(*found) if found else None

    def _options(self, node: Node) -> tuple[list[str], int] | None:
        value = literal(self.source, node)
        found = line_up(value, self.key.dice, self._pool) if value is not None else None
        if found is None:
            return None
        options = [rendered(one) for one in found[0]]
        return (options, found[1]) if len(set(options)) == len(options) else None

    def _made(self, options: list[str], place: int) -> str:
        name = self.key.lineup(len(options), place)
        return f'{MODULE}.lineup("{name}", [{", ".join(options)}])'

    def _point(self, call: Node, bits: str) -> str:
        return self.points.setdefault(call.id, self.key.point(bits))

    def _call(self, call: Node, function: str, first: str, given: list[Node], n_kept: int) -> None:
        """Call an observation with the first arguments; messages of failures are dropped."""
        self.edits.replace(call.start_byte, given[0].start_byte, f"{MODULE}.{function}({first}, ")
        self.edits.replace(given[n_kept - 1].end_byte, call.end_byte, ")")
