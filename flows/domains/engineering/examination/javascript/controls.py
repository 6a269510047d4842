"""Adds tests that must fail to a file of JavaScript tests, beside the real ones and under names of the same kind.

Code that makes every test pass, by whatever means, makes these pass too.
"""

from importlib.resources import files

from flows.domains.engineering.examination.key import Key
from flows.domains.engineering.javascript.syntax import Edits, Source

N_TESTS = 7
IMPORTS = 'import {assert} from "node:assert"; import {{ test as {test} }} from "node:test";\n'
REQUIRES = 'const {assert} = require("node:assert"); const {{ test: {test} }} = require("node:test");\n'
FIRST = {"import_statement", "hash_bang_line", "comment"}


def add_controls(source: Source, edits: Edits, key: Key) -> list[str]:
    """Add the tests at random places between the statements of the file; returns their names."""
    names = [key.name() for _ in range(N_TESTS)]
    own = {"assert": f"_{key.name()}", "test": f"_{key.name()}"}
    values = own | {"n": str(key.dice.randrange(2, 1_000)), "point": key.name(), "lineup": key.name()}
    values |= {f"name{at}": name for at, name in enumerate(names)}
    places = [one.start_byte for one in source.root.named_children if not _is_first(source, one)] or [len(source.data)]
    written = files(__package__).joinpath("controls.txt").read_text("utf-8").format(**values)
    for text in written.splitlines(keepends=True):
        place = key.dice.choice(places)
        edits.replace(place, place, text)
    template = IMPORTS if source.is_module else REQUIRES
    edits.made.insert(0, (places[0], places[0], template.format(**own)))
    return names


def _is_first(source: Source, node: object) -> bool:
    """True for imports, comments and directives, before which nothing is added."""
    kind, children = getattr(node, "type", ""), getattr(node, "named_children", [])
    return kind in FIRST or (kind == "expression_statement" and [one.type for one in children] == ["string"])
