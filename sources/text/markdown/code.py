"""Code blocks: `<pre>` as fenced code with its language, one line of code a line, and without line numbers.

Highlighters write a line as text, as `<div>`, as `<span class=line>`, as a list item or as a table row, and put line
numbers into elements of their own. All of these are read here.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

_LINE_TAGS = frozenset(("div", "p", "li", "tr", "ol", "ul", "table", "tbody", "blockquote", "section", "article"))
_LINE_CLASS = re.compile(r"(?:^|\s)(?:line|code-line|cl|view-line|token-line|CodeMirror-line|hljs-ln-line)(?:$|\s)")
_GUTTER = re.compile(
    r"(?:^|\s)(?:lineno|linenos|linenodiv|line-?numbers?(?:-rows)?|ln(?:um|t)?|gutter|rouge-gutter|hljs-ln-n(?:umbers)?"
    r"|blob-num|code-line-number|LineNumbers?|line_numbers?|td-lineno|ltx_tag_listingline|ltx_listing_data)(?:$|\s)"
)
_HOLDS_LINES = frozenset(("pre", "code"))
"""tags whose class turns on line numbers, and which hold the lines themselves"""
_LINED = (
    "div.fragment, div.ltx_listing, div.CodeMirror-code, div.view-lines, div.crayon-pre, "
    ".syntaxhighlighter td.code > div.container"
)
_LINES = "div.line, div.ltx_listingline, pre.CodeMirror-line, div.view-line, div.crayon-line"
_UNSEEN = frozenset(("script", "style", "button", "template", "svg", "input", "textarea", "select", "-comment"))
_NOT_ONLY_TEXT = (
    "div, p, li, tr, br, section, article, blockquote, script, style, button, template, svg, input, textarea, select, "
    "[class*=l], [class*=num], [class*=L], [class*=gutter]"
)
"""elements that make a difference between the text below a `<pre>` and its lines of code"""
_LANGUAGE = re.compile(
    r"(?:^|\s)(?:brush:|hl-|(?:language|lang|highlight-source|highlight-text|highlight|code|src|sourceCode|type)[-\s])"
    r"\s*([A-Za-z][A-Za-z0-9+#.]*)(?=$|[\s;])"
)
_SOURCE = re.compile(r"(?:^|\s)(?:sourceCode|prettyprint|hljs|src|chroma|brush:)\s+(?:lang-)?([A-Za-z][A-Za-z0-9+#.]*)")
_NAMES = {"python3": "python", "py": "python", "ipython3": "python", "ipython": "python", "mjs": "js", "cjs": "js",
          "c++": "cpp"}  # fmt: skip
_NO_LANGUAGE = frozenset((
    "none", "text", "default", "plain", "plaintext", "txt", "block", "highlight", "code", "notranslate", "output",
    "nohighlight", "language", "source", "sourcecode", "literal", "line", "lines", "container", "wrapper", "example",
    "snippet", "body", "auto"
))  # fmt: skip
_ABOVE = 3
"""Elements around a `<pre>` whose classes may name its language."""
_FENCES = re.compile(r"^\s*(`{3,})", re.MULTILINE)


class Code(NamedTuple):
    """The lines of a code block and its language, which is empty where the page does not name it."""

    text: str
    language: str

    def fenced(self) -> str:
        """The block between fences that are longer than any fence inside."""
        longest = max((len(fence) for fence in _FENCES.findall(self.text)), default=2)
        fence = "`" * max(3, longest + 1)
        return f"{fence}{self.language}\n{self.text}\n{fence}"


def code_blocks(pre: LexborNode) -> list[Code]:
    """The code of a `<pre>`: one block, or one for each of several `<code>` that name different languages."""
    parts = [node for node in pre.iter() if node.tag == "code"]
    named = [_own_language(part) for part in parts]
    if len(parts) > 1 and len(set(named)) > 1 and all(named):
        return [Code(text, name) for part, name in zip(parts, named, strict=True) if (text := code_text(part))]
    text = code_text(pre)
    return [Code(text, next(filter(None, (*named, _language_around(pre))), ""))] if text else []


def code_text(root: LexborNode) -> str:
    """The lines of code below an element, without line numbers and blank lines at its ends."""
    pieces = "".join(_pieces(root)) if root.css_first(_NOT_ONLY_TEXT) is not None else root.text()
    pieces = pieces.replace("\r\n", "\n").replace("\xa0", " ")
    return "\n".join(line.rstrip() for line in pieces.strip("\n").split("\n")).strip("\n")


def is_gutter(node: LexborNode) -> bool:
    """True for an element that holds line numbers."""
    name = node.attributes.get("class")
    return bool(name and node.tag not in _HOLDS_LINES and _GUTTER.search(name))


def code_elements(tree: LexborHTMLParser) -> frozenset[int]:
    """The `mem_id` of elements other than `<pre>` that hold lines of code, as Doxygen, LaTeXML and editors write."""
    return frozenset(node.mem_id for node in tree.css(_LINED) if node.css_first(_LINES) is not None)


def _pieces(root: LexborNode) -> Iterator[str]:
    """The text below an element, with a line break around every element that is a line of code."""
    at_start = True
    for event, node in _walk(root):
        if event == "text":
            words = node.text_content or ""
            if words.isspace() and _between_lines(node):
                continue
            yield words
            at_start = words.endswith("\n")
        elif (event == "line" and not at_start) or event == "break":
            yield "\n"
            at_start = True


def _walk(root: LexborNode) -> Iterator[tuple[str, LexborNode]]:
    """Yield every text, and `line` or `break` where a new line begins or is left empty."""
    stack: list[LexborNode] = []
    node = root.child
    while node is not None or stack:
        if node is None:
            node = stack.pop()
            if node.tag in _LINE_TAGS:
                yield "line" if node.child is not None else "break", node
            node = node.next
            continue
        tag = node.tag or ""
        if tag == "-text":
            yield "text", node
        elif tag == "br":
            yield "break", node
        elif tag not in _UNSEEN and not is_gutter(node):
            if tag in _LINE_TAGS or _follows_line(node):
                is_behind_empty = node.prev is not None and node.prev.child is None and tag not in _LINE_TAGS
                yield "break" if is_behind_empty else "line", node
            stack.append(node)
            node = node.child
            continue
        node = node.next


def _is_line(node: LexborNode | None) -> bool:
    if node is None:
        return False
    return node.tag in _LINE_TAGS or (
        node.tag in ("span", "code") and bool(_LINE_CLASS.search(node.attributes.get("class") or ""))
    )


def _follows_line(node: LexborNode) -> bool:
    """True for a `<span class=line>` right behind another, without a line break between them."""
    return _is_line(node) and _is_line(node.prev)


def _between_lines(text: LexborNode) -> bool:
    """True for white space between two block elements, each of which is a line already."""
    return text.prev is not None and text.prev.tag in _LINE_TAGS


def _own_language(node: LexborNode) -> str:
    attributes = node.attributes
    for name in ("data-lang", "data-language", "data-code-language"):
        if value := attributes.get(name):
            return _named(value)
    classes = attributes.get("class") or ""
    for pattern in (_SOURCE, _LANGUAGE):
        for found in pattern.findall(classes):
            if language := _named(found):
                return language
    return ""


def _language_around(pre: LexborNode) -> str:
    node: LexborNode | None = pre
    for _ in range(_ABOVE):
        if node is None or node.tag == "body":
            return ""
        if language := _own_language(node):
            return language
        node = node.parent
    return ""


def _named(name: str) -> str:
    lower = name.strip().lower()
    return (
        ""
        if lower in _NO_LANGUAGE or not re.fullmatch(r"[a-z][a-z0-9+#.]*(?:-[a-z0-9]+)?", lower)
        else _NAMES.get(lower, lower)
    )
