r"""Finds the formulas of a page and gives each as TeX: `$…$` within a sentence, `$$…$$` on a line of its own.

Renderers put the same formula on a page several times, as MathML, as an image and as drawn characters; the outermost
element is the one that is read.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from sources.text.formulas.mathml import cleaned, tex_of

_SIGNS = ("<math", "math/", "katex", "MathJax", "mjx-", "mwe-math", 'class="math', "latex", 'class="tex')
_WRAPPERS = ".katex-display, .katex, .mwe-math-element, mjx-container, .MathJax_Display, .MathJax, .MathJax_SVG"
_SCRIPTS = "script[type^='math/']"
_DRAWN = ".MathJax_Preview, .MathJax_Display, .MathJax, .MathJax_SVG, .MathJax_CHTML, .MJX_Assistive_MathML"
_IMAGES = (
    "img.tex, img.latex, img.math, img[class*='mwe-math'], .math img[alt], img[src*='latex.codecogs'], "
    "img[src*='cgi-bin/mathtex'], img.ee_img"
)
_DISPLAY_CLASS = re.compile(r"katex-display|MathJax_Display|mwe-math-fallback-image-display|(?:^|\s)displaymath")


class Formula(NamedTuple):
    """A formula of the page; without TeX, the element repeats another one and is left out."""

    tex: str
    display: bool

    def inline(self) -> str:
        return f"${self.tex}$" if self.tex else ""


def formulas_of(tree: LexborHTMLParser, html: str) -> dict[int, Formula]:
    """The formulas of a page by the `mem_id` of their outermost element."""
    if not any(sign in html for sign in _SIGNS):
        return {}
    scripts = {node.mem_id: _of_script(node) for node in tree.css(_SCRIPTS)}
    found = {node.mem_id: Formula("", display=False) for node in tree.css(_DRAWN)} if scripts else {}
    for node in tree.css(f"{_WRAPPERS}, math, {_IMAGES}"):
        if node.mem_id not in found and (tex := _tex(node)):
            found[node.mem_id] = Formula(tex, _is_display(node))
    return found | scripts


def _of_script(node: LexborNode) -> Formula:
    kind = (node.attributes.get("type") or "").lower()
    source = node.text()
    if kind.startswith("math/mml"):
        math = LexborHTMLParser(source).css_first("math")
        return Formula(tex_of(math) if math is not None else cleaned(source), display="display" in kind)
    return Formula(cleaned(source), display="mode=display" in kind.replace(" ", ""))


def _tex(node: LexborNode) -> str:
    return next(filter(None, _readings(node)), "")


def _readings(node: LexborNode) -> Iterator[str]:
    """The ways to read an element, best first."""
    attributes = node.attributes
    if node.tag == "img":
        yield cleaned(attributes.get("alt") or "")
        return
    for name in ("data-latex", "data-tex"):
        yield cleaned(attributes.get(name) or "")
    math = node if node.tag == "math" else node.css_first("math")
    if math is not None:
        yield tex_of(math)
    if mathml := attributes.get("data-mathml"):
        parsed = LexborHTMLParser(mathml).css_first("math")
        yield tex_of(parsed) if parsed is not None else ""
    image = node.css_first("img[alt]")
    if image is not None:
        yield cleaned(image.attributes.get("alt") or "")


def _is_display(node: LexborNode) -> bool:
    attributes = node.attributes
    if attributes.get("display") in ("block", "true") or _DISPLAY_CLASS.search(attributes.get("class") or ""):
        return True
    return node.css_first("math[display=block], img[class*=image-display]") is not None
