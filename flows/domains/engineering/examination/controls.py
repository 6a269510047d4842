"""Adds tests that must fail to a module of tests, beside the real ones and under names of the same kind.

Code that makes every test pass, by whatever means, makes these pass too.
"""

import ast

from flows.domains.engineering.examination.key import Key

IMPORTS = "import _observations\nimport unittest as _unittest\nimport pytest as _pytest\n"
TEMPLATE = """
def {0}():
    assert [] == [{n}]

def {1}():
    with _pytest.raises(LookupError):
        pass

def {2}():
    _observations.choose({point!r}, {n}, _observations.Lineup({lineup!r}, {n} + 1, {n} + 2, {n} + 3))

def {3}():
    raise AssertionError({n})

class {owner}(_unittest.TestCase):
    def {4}(self):
        self.assertEqual({n}, {n} + 1)

    def {5}(self):
        with self.assertRaises(LookupError):
            pass

    def {6}(self):
        self.assertTrue({n} in [])
"""
N_FUNCTIONS, N_METHODS = 4, 3


def add_controls(tree: ast.Module, key: Key) -> list[str]:
    """Add the tests at random places of the module; returns their names, as `Class::name`."""
    names = [f"test_{key.dice.randrange(100_000):05d}_{key.name()}" for _ in range(N_FUNCTIONS + N_METHODS)]
    owner = f"Test{key.name()}"
    values = {"n": key.dice.randrange(2, 1_000), "point": key.name(), "lineup": key.name(), "owner": owner}
    first = _after_imports(tree)
    for node in ast.parse(TEMPLATE.format(*names, **values)).body:
        tree.body.insert(key.dice.randint(first, len(tree.body)), node)
    tree.body[first:first] = ast.parse(IMPORTS).body
    return [*names[:N_FUNCTIONS], *(f"{owner}::{name}" for name in names[N_FUNCTIONS:])]


def _after_imports(tree: ast.Module) -> int:
    """Index of the first statement that is neither the docstring nor an import from `__future__`."""
    for at, node in enumerate(tree.body):
        match node:
            case ast.Expr(value=ast.Constant(value=str())) if at == 0:
                continue
            case ast.ImportFrom(module="__future__"):
                continue
        return at
    return len(tree.body)
