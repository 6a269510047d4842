"""reStructuredText to HTML by docutils, with the directives and roles of Sphinx that docutils itself does not have.

A manual is full of them, and docutils drops the content of a directive that it does not have. Nothing that a document
names is opened: includes and raw HTML are off, and no configuration file is read.
"""

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import Any, ClassVar

from docutils import nodes
from docutils.core import publish_parts
from docutils.parsers.rst import Directive, directives, roles
from docutils.writers import html5_polyglot

SETTINGS = {
    "file_insertion_enabled": False,
    "raw_enabled": False,
    "_disable_config": True,
    "report_level": 5,
    "halt_level": 5,
    "initial_header_level": 1,
    "smart_quotes": False,
    "syntax_highlight": "none",
    "embed_stylesheet": False,
    "stylesheet_path": "",
    "doctitle_xform": False,
    "line_length_limit": 100_000,
}
_DIRECTIVE = re.compile(r"^[ \t]*\.\. ([A-Za-z][\w:+.-]*)::", re.MULTILINE)
_ROLE = re.compile(r":([A-Za-z][\w:+.-]*):`")
_ASIDE = re.compile(r"<(/?)aside\b")
_TITLED = re.compile(r"^(?P<title>.*?)\s*<(?P<target>[^<>]+)>$", re.DOTALL)
_CODE = ("code-block", "sourcecode", "parsed-literal", "productionlist", "prompt", "literalinclude")
_SILENT = (
    "index",
    "currentmodule",
    "module",
    "py:module",
    "highlight",
    "tabularcolumns",
    "sectionauthor",
    "codeauthor",
)
_VERSIONS = {
    "versionadded": "New in version",
    "versionchanged": "Changed in version",
    "deprecated": "Deprecated since version",
    "versionremoved": "Removed in version",
}
_TEXT_ROLES = ("ref", "term", "doc", "numref", "guilabel", "menuselection", "abbr", "any", "dfn", "download")


def rst_to_html(text: str) -> str:
    """Return the document as an HTML page. Faults of the markup are left out, never raised.

    A document that docutils fails on, as on substitutions that name each other, keeps its text as it is written.
    """
    for name in set(_DIRECTIVE.findall(text)):
        if _lacks(directives.directive, name):
            directives.register_directive(name, _directive(name))
    for name in set(_ROLE.findall(text)):
        if _lacks(roles.role, name):
            roles.register_local_role(name, _document_role if name == "doc" else _role)
    try:
        parts = publish_parts(text, writer=_writer(), settings_overrides=SETTINGS)
    except Exception:  # any error of docutils
        return f"<html><body><pre>{escape(text)}</pre></body></html>"
    body = _ASIDE.sub(r"<\1div", parts["html_body"])  # an admonition belongs to the text, an aside does not
    return f"<html><body>{body}</body></html>"


def _writer() -> html5_polyglot.Writer:
    writer = html5_polyglot.Writer()
    writer.translator_class = _Translator
    return writer


class _Translator(html5_polyglot.HTMLTranslator):  # type: ignore[misc]  # docutils has no types
    """Writes code as <code> and formulas as the scripts of MathJax, which the extractor of web pages keeps."""

    def visit_literal(self, node: nodes.literal) -> None:
        """Write inline code."""
        self.body.append(f"<code>{escape(node.astext())}</code>")
        raise nodes.SkipNode

    def visit_math(self, node: nodes.math, mode: str = "") -> None:
        """Write a formula in a line."""
        tex = node.astext().replace("</", "< /")
        self.body.append(f'<script type="math/tex{mode}">{tex}</script>')
        raise nodes.SkipNode

    def visit_math_block(self, node: nodes.math_block) -> None:
        """Write a formula of its own line."""
        self.visit_math(node, "; mode=display")


def _lacks(find: Callable[..., Any], name: str) -> bool:
    from docutils.parsers.rst.languages import en
    from docutils.utils import new_document

    document = new_document("")
    document.settings.language_code = "en"
    document.reporter.report_level = 5
    if find is directives.directive:
        return find(name, en, document)[0] is None
    return find(name, en, 0, document.reporter)[0] is None


class _Unknown(Directive):  # type: ignore[misc]  # docutils has no types
    """A directive that docutils does not have: its arguments as code, then its content."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    option_spec = None
    kind: ClassVar[str] = ""

    def run(self) -> list[nodes.Node]:
        """Return the directive's content as nodes."""
        argument = self.arguments[0] if self.arguments else ""
        if self.kind in _SILENT:
            return []
        if self.kind in _CODE:
            return self._code(argument)
        if self.kind == "toctree":
            return [_links(self.content)]
        head = self._head(argument) if argument else None
        body = nodes.container()
        self.state.nested_parse(self._without_options(), self.content_offset, body)
        return [*([head] if head else []), *body.children]

    def _head(self, argument: str) -> nodes.paragraph:
        if self.kind not in _VERSIONS:
            return nodes.paragraph("", "", nodes.literal(argument, argument))
        version, _, words = argument.partition("\n")
        return nodes.paragraph("", f"{_VERSIONS[self.kind]} {version}. {' '.join(words.split())}".rstrip())

    def _without_options(self) -> Any:
        content = self.content
        while len(content) and re.match(r":[\w-]+:", content[0]):
            content = content[1:]
        return content

    def _code(self, language: str) -> list[nodes.Node]:
        code = "\n".join(self._without_options()).strip("\n")
        return [nodes.literal_block(code, code, classes=["code", language] if language else [])] if code else []


def _directive(name: str) -> type[_Unknown]:
    return type("_Directive", (_Unknown,), {"kind": name})


def _links(lines: Sequence[str]) -> nodes.Node:
    """Return the documents of a toctree as a list of links."""
    items = nodes.bullet_list()
    for line in (one.strip() for one in lines):
        if line and not line.startswith(":") and "*" not in line and line != "self":
            items += nodes.list_item("", nodes.paragraph("", "", _reference(line)))
    return items if len(items) else nodes.comment()


def _reference(text: str) -> nodes.reference:
    titled = _TITLED.match(text)
    title, target = (titled["title"], titled["target"]) if titled else (text, text)
    is_document = "://" not in target and not target.endswith((".rst", ".html", ".md", ".txt"))
    return nodes.reference(text, title or target, refuri=f"{target}.rst" if is_document else target)


def _document_role(name: str, rawtext: str, text: str, *_: Any) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    return [_reference(text)], []


def _role(name: str, rawtext: str, text: str, *_: Any) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    titled = _TITLED.match(text)
    shown = titled["title"] if titled else text.lstrip("!~").removeprefix(".")
    return [nodes.Text(shown) if name in _TEXT_ROLES else nodes.literal(rawtext, shown)], []
