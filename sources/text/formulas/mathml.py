r"""Presentation MathML as TeX: `<mfrac><mn>1</mn><mi>x</mi></mfrac>` becomes `\frac{1}{x}`.

A formula that carries its TeX as an annotation is not converted but quoted. Elements that are unknown here give their
children, so that a formula loses its layout at worst, and never its terms.
"""

import re
from collections.abc import Callable, Iterable

from selectolax.lexbor import LexborNode

from sources.text.formulas.symbols import COMMANDS, FUNCTIONS, OVER, PLAIN, UNDER, VARIANTS

MAX_DEPTH = 80
"""Elements nested more deeply give their text only."""

_COMMAND_END = re.compile(r"\\[A-Za-z]+$")
_SPACES = re.compile(r"\s+")
_ROW_END = r" \\ "
_FENCES = {"{": r"\{", "}": r"\}", "⟨": r"\langle", "⟩": r"\rangle", "|": "|", "‖": r"\Vert", "⌊": r"\lfloor",
           "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil", "": "."}  # fmt: skip
_MATRICES = {"()": "pmatrix", "[]": "bmatrix", "||": "vmatrix", r"\{\}": "Bmatrix", r"\{": "cases"}
_SKIPPED = frozenset(("annotation", "annotation-xml", "maligngroup", "malignmark", "mprescripts", "none", "-comment"))


def tex_of(math: LexborNode) -> str:
    """The TeX of a `<math>` element: its annotation, else its converted terms, else its `alttext`."""
    for note in math.css("annotation"):
        if "tex" in (note.attributes.get("encoding") or "").lower() and (tex := cleaned(note.text())):
            return tex
    return cleaned(_row(math, 0)) or cleaned(math.attributes.get("alttext") or "")


def cleaned(tex: str) -> str:
    r"""TeX on one line, without the `{\displaystyle …}` that wiki software puts around it."""
    tex = _SPACES.sub(" ", tex).strip()
    if tex.startswith((r"{\displaystyle", r"{\textstyle")) and tex.endswith("}"):
        tex = tex[:-1].partition("style")[2].strip()
    return tex


def _children(node: LexborNode) -> list[LexborNode]:
    return [child for child in node.iter() if child.tag not in _SKIPPED]


def _tex(node: LexborNode, depth: int) -> str:
    """The TeX of one element."""
    tag = node.tag or ""
    if depth > MAX_DEPTH:
        return _SPACES.sub(" ", node.text())
    if tag in _LEAVES:
        return _LEAVES[tag](node)
    if tag in _SCRIPTS:
        return _script(node, tag, depth)
    if tag in _LAYOUTS:
        return _LAYOUTS[tag](node, depth)
    return _row(node, depth)


def _row(node: LexborNode, depth: int) -> str:
    """The terms of a row one behind the other; fenced tables are matrices."""
    children = _children(node)
    if len(children) in (2, 3) and any(_is_table(child) for child in children[1:2]):
        signs = [_tex(child, depth + 1) for child in (children[0], *children[2:])]
        if name := _MATRICES.get("".join(signs)):
            return _environment(_table_in(children[1]), name, depth)
    return _together(_tex(child, depth + 1) for child in children) or ("" if children else _text_tex(node.text()))


def _together(terms: Iterable[str]) -> str:
    """Join terms; a command and a letter behind it are kept apart."""
    row = ""
    for term in terms:
        row += f" {term}" if term[:1].isalpha() and _COMMAND_END.search(row[-20:]) else term
    return row


def _text_tex(text: str) -> str:
    """Characters as TeX, each mathematical sign as its command."""
    return _together(PLAIN.get(sign, COMMANDS.get(sign, sign)) for sign in text.strip())


def _identifier(node: LexborNode) -> str:
    name = node.text().strip()
    variant = VARIANTS.get(node.attributes.get("mathvariant") or "")
    if name in FUNCTIONS:
        return f"\\{name} "
    if len(name) > 1 and name.isalpha() and name.isascii():
        return f"\\{variant or 'mathrm'}{{{name}}}" if variant != "mathrm" else rf"\operatorname{{{name}}}"
    tex = _text_tex(name)
    return f"\\{variant}{{{tex}}}" if variant and (variant != "mathrm" or name.isalpha()) and name else tex


def _number(node: LexborNode) -> str:
    tex = _text_tex(node.text())
    variant = VARIANTS.get(node.attributes.get("mathvariant") or "", "mathrm")
    return tex if variant == "mathrm" else f"\\{variant}{{{tex}}}"


def _operator(node: LexborNode) -> str:
    name = node.text().strip()
    if len(name) > 1 and name.isalpha():
        return f"\\{name} " if name in FUNCTIONS else rf"\operatorname{{{name}}}"
    return _text_tex(name)


def _words(node: LexborNode) -> str:
    words = _SPACES.sub(" ", node.text().replace("\xa0", " "))
    return rf"\text{{{words}}}" if words.strip() else words[:1] and r"\ "


def _group(node: LexborNode | None, depth: int) -> str:
    return "{" + (_tex(node, depth + 1).strip() if node is not None else "") + "}"


def _script(node: LexborNode, tag: str, depth: int) -> str:
    """A term with scripts below and above it, or with a sign over or under it."""
    if not (children := _children(node)):
        return ""
    base, *scripts = children
    if tag in ("mover", "munder") and scripts and (accent := _accent(tag, scripts[0])):
        return f"\\{accent}{_group(base, depth)}"
    term = _tex(base, depth + 1).strip()
    if base.tag in ("msup", "msub", "msubsup", "mrow") and len(term) > 1:
        term = f"{{{term}}}"
    if tag in ("munder", "mover", "munderover") and base.tag == "mo" and term[:1] not in ("\\", ""):
        term = rf"\mathop{{{term}}}"
    return term + "".join(mark + _group(part, depth) for mark, part in zip(_SCRIPTS[tag], scripts, strict=False))


def _accent(tag: str, sign: LexborNode) -> str:
    return (OVER if tag == "mover" else UNDER).get(sign.text().strip(), "") if sign.tag == "mo" else ""


def _fraction(node: LexborNode, depth: int) -> str:
    above, below, *_ = [_group(child, depth) for child in _children(node)] + ["{}", "{}"]
    bare = (node.attributes.get("linethickness") or "").strip().rstrip("ptexm%") in ("0", "0.0")
    return rf"\genfrac{{}}{{}}{{0pt}}{{}}{above}{below}" if bare else rf"\frac{above}{below}"


def _square_root(node: LexborNode, depth: int) -> str:
    return rf"\sqrt{{{_row(node, depth).strip()}}}"


def _root(node: LexborNode, depth: int) -> str:
    base, index, *_ = [*_children(node), None, None]
    return rf"\sqrt[{_group(index, depth)[1:-1]}]{_group(base, depth)}"


def _fenced(node: LexborNode, depth: int) -> str:
    """Terms between signs, which are parentheses unless the attributes name others or none."""
    attributes = {"open": "(", "close": ")", "separators": ","} | node.attributes
    left, right = (
        _FENCES.get(sign, sign) for name in ("open", "close") for sign in ((attributes[name] or "").strip(),)
    )
    separator = (attributes["separators"] or "").strip()[:1]
    inner = separator.join(_tex(child, depth + 1).strip() for child in _children(node))
    return rf"\left{left} {inner} \right{right}"


def _enclosed(node: LexborNode, depth: int) -> str:
    notation = node.attributes.get("notation") or ""
    inner = _row(node, depth).strip()
    if "box" in notation:
        return rf"\boxed{{{inner}}}"
    if "strike" in notation:
        return rf"\cancel{{{inner}}}"
    return rf"\overline{{{inner}}}" if "top" in notation else inner


def _multiscripts(node: LexborNode, depth: int) -> str:
    """Scripts behind a term, and after `<mprescripts>` those before it, in pairs of below and above."""
    if not (parts := [child for child in node.iter() if child.tag != "-comment"]):
        return ""
    cut = next((at for at, part in enumerate(parts) if part.tag == "mprescripts"), len(parts))
    before = _pairs(parts[cut + 1 :], depth)
    return ("{}" + before if before else "") + _tex(parts[0], depth + 1) + _pairs(parts[1:cut], depth)


def _pairs(parts: list[LexborNode], depth: int) -> str:
    marks = ("_", "^") * (len(parts) // 2 + 1)
    pairs = zip(marks, parts, strict=False)
    return "".join(mark + _group(part, depth) for mark, part in pairs if part.tag != "none")


def _is_table(node: LexborNode) -> bool:
    return _table_in(node).tag == "mtable"


def _table_in(node: LexborNode) -> LexborNode:
    """The table that is the only child of rows around it; otherwise the node itself."""
    inner = node
    for _ in range(3):
        children = _children(inner) if inner.tag in ("mrow", "mstyle", "mpadded") else []
        if len(children) != 1:
            break
        inner = children[0]
    return inner if inner.tag == "mtable" else node


def _matrix(node: LexborNode, depth: int) -> str:
    return _environment(node, "matrix", depth)


def _environment(table: LexborNode, name: str, depth: int) -> str:
    rows = []
    for row in _children(table):
        cells = _children(row)[row.tag == "mlabeledtr" :]
        rows.append(" & ".join(_row(cell, depth + 1).strip() for cell in cells))
    return rf"\begin{{{name}}} {_ROW_END.join(rows)} \end{{{name}}}"


def _space(node: LexborNode) -> str:
    return r"\\" if node.attributes.get("linebreak") == "newline" else r"\ "


def _phantom(_node: LexborNode, _depth: int) -> str:
    return ""


_SCRIPTS = {"msub": "_", "msup": "^", "msubsup": "_^", "munder": "_", "mover": "^", "munderover": "_^"}
_LEAVES: dict[str, Callable[[LexborNode], str]] = {
    "mi": _identifier, "mn": _number, "mo": _operator, "mtext": _words, "ms": _words, "mspace": _space,
    "-text": lambda node: _text_tex(node.text_content or ""),
}  # fmt: skip
_LAYOUTS: dict[str, Callable[[LexborNode, int], str]] = {
    "mfrac": _fraction, "msqrt": _square_root, "mroot": _root, "mfenced": _fenced, "menclose": _enclosed,
    "mmultiscripts": _multiscripts, "mtable": _matrix, "mphantom": _phantom,
}  # fmt: skip
