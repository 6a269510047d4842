"""Compares recorded formulas with the true ones in the sandbox, since sympy runs whatever text it is given.

A recorded formula is parsed here first, and only arithmetic over x and a few functions is passed on: a formula that
could print a verdict of its own never reaches the interpreter.
"""

import ast
import json
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from flows.environments.resources import Resources
from flows.environments.sandbox import Command, Limits

MAX_CHARS = 300
MAX_NODES = 80
MAX_POWER = 20
FUNCTIONS = {"sqrt", "exp", "log", "sin", "cos", "tan"}
LIMITS = Limits(wall_s=60, cpu_s=60)
NODES = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Constant, ast.Name, ast.Call, ast.Load,
    ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.USub, ast.UAdd,
)  # fmt: skip


def is_formula(text: str) -> bool:
    """True for arithmetic over numbers, x and known functions, with small powers."""
    if len(text) > MAX_CHARS:
        return False
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval")))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return len(nodes) <= MAX_NODES and all(_is_allowed(node) for node in nodes)


def _is_allowed(node: ast.AST) -> bool:
    match node:
        case ast.Constant():
            return type(node.value) in {int, float} and abs(float(str(node.value))) < 1e15
        case ast.Name():
            return node.id == "x" or node.id in FUNCTIONS
        case ast.Call():
            return isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS and not node.keywords
        case ast.BinOp(op=ast.Pow(), right=power):
            return isinstance(power, ast.Constant) and isinstance(power.value, int) and power.value <= MAX_POWER
    return isinstance(node, NODES)


def equal_formulas(pairs: Mapping[str, Sequence[str]], image: str, resources: Resources) -> dict[str, bool]:
    """For each name, true if sympy simplifies the difference of both formulas to 0. Raises SandboxFault.

    A pair that sympy cannot compare within its limits counts as different.
    """
    asked = {name: list(pair) for name, pair in pairs.items() if all(map(is_formula, pair))}
    if not asked:
        return dict.fromkeys(pairs, False)
    script = files("flows.domains.science").joinpath("scripts", "simplify.txt").read_text("utf-8")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        Path(folder, "pairs.json").write_text(json.dumps(asked), "utf-8")
        command = Command(("python", "-"), Path(folder), stdin=script.encode(), limits=LIMITS)
        done = resources.sandbox(image).run(command)
    same = json.loads(done.output) if done.exit_code == 0 else {}
    return {name: bool(same.get(name)) for name in pairs}
