"""Wikitext of a dump as HTML: headings, lists, tables, links, code and formulas; templates are read or counted.

A dump holds the source of pages, not the pages. What comes out is plain HTML for the extractor that reads all
other pages, so that wiki pages follow the same rules of Markdown. Runs in worker processes.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import mwparserfromhell
from mwparserfromhell.nodes import (
    Argument,
    Comment,
    ExternalLink,
    Heading,
    HTMLEntity,
    Tag,
    Template,
    Text,
    Wikilink,
)

from sources.mediawiki.blocks import Blocks
from sources.mediawiki.templates import Infobox, WithoutText, read_template
from sources.mediawiki.titles import CATEGORY, FILE, WikiAddresses

_REDIRECT = re.compile(r"\s*#[^\s\[\]{}#:]{3,30}\s*:?\s*\[\[\s*([^\]|\n]+)")
_MAGIC_WORD = re.compile(r"__[A-Z]{3,25}__")
_IMAGE_OPTION = re.compile(
    r"(?:thumb|thumbnail|frame|framed|frameless|border|left|right|center|none|upright|baseline|middle|top|bottom|sub|"
    r"super|text-top|text-bottom)$|(?:upright|alt|link|page|lang|class|thumb|thumbnail)\s*=|\d*x?\d+\s*px$",
    re.IGNORECASE,
)
_BLOCK = frozenset((
    "blockquote", "caption", "center", "div", "dl", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ol", "p", "table", "td",
    "th", "tr", "ul",
))  # fmt: skip
_KEPT = _BLOCK | frozenset((
    "abbr", "b", "big", "br", "cite", "code", "dd", "del", "dt", "em", "i", "ins", "kbd", "li", "q", "s", "samp",
    "small", "span", "strong", "sub", "sup", "tbody", "tfoot", "thead", "tt", "u", "var",
))  # fmt: skip
_WITHOUT_TEXT = frozenset((
    "gallery", "graph", "hiero", "imagemap", "includeonly", "indicator", "mapframe", "maplink", "ref", "references",
    "score", "script", "section", "style", "templatestyles", "timeline",
))  # fmt: skip
_BETWEEN_PARAGRAPHS = re.compile(r"<(?:p|table|ul|ol|dl|blockquote|h\d|pre)\b")
_SPANS = ("colspan", "rowspan", "start", "value")


@dataclass
class WikiHtml:
    """The HTML of a page's wikitext, and what was left out of it."""

    html: str
    left_out: Counter[str] = field(default_factory=Counter)
    """templates that could not be read, by name"""


def redirect_target(text: str) -> str | None:
    """Return the title that a redirect leads to; None if the page is no redirect."""
    found = _REDIRECT.match(text) if text.lstrip()[:1] == "#" else None
    return found[1].strip() if found else None


def wiki_html(text: str, addresses: WikiAddresses) -> WikiHtml:
    """Return the body of a page as HTML. Raises mwparserfromhell.parser.ParserError on text that it cannot read."""
    writer = _Writer(addresses)
    blocks = Blocks()
    writer.write(mwparserfromhell.parse(_MAGIC_WORD.sub("", text)).nodes, blocks)
    return WikiHtml(blocks.html(), writer.left_out)


class _Writer:
    def __init__(self, addresses: WikiAddresses) -> None:
        self._addresses = addresses
        self.left_out: Counter[str] = Counter()

    def write(self, nodes: Iterable[Any], blocks: Blocks) -> None:
        """Write nodes into blocks, line by line."""
        for node in nodes:
            match node:
                case Text():
                    blocks.text(str(node.value))
                case Heading():
                    blocks.block(f"<h{node.level}>{self.inline(node.title).strip()}</h{node.level}>")
                case Tag():
                    self._tag(node, blocks)
                case Template():
                    self._template(node, blocks)
                case Wikilink():
                    self._link(node, blocks)
                case ExternalLink():
                    blocks.inline(self._external(node))
                case HTMLEntity():
                    blocks.inline(html.escape(node.normalize()))
                case Argument():
                    blocks.inline(self.inline(node.default) if node.default is not None else "")
                case Comment():
                    pass

    def inline(self, code: Any) -> str:
        """Return a piece of wikitext as HTML within a line."""
        inner = Blocks()
        self.write(code.nodes, inner)
        return inner.inner_html()

    def _tag(self, node: Tag, blocks: Blocks) -> None:
        name = str(node.tag).strip().lower()
        if node.wiki_markup in ("*", "#", ":", ";"):
            blocks.marker(node.wiki_markup)
        elif name in ("math", "chem", "ce"):
            blocks.inline(_formula(node))
        elif name in ("pre", "syntaxhighlight", "source"):
            self._code(node, name, blocks)
        elif name == "nowiki":
            blocks.inline(html.escape(str(node.contents or "")))
        elif name == "hr" or node.wiki_markup == "----":
            blocks.block("<hr>")
        elif name == "br":
            blocks.inline("<br>")
        elif name == "table":
            blocks.block(self._table(node))
        elif name == "poem":
            blocks.block("<p>" + self.inline(node.contents).replace("\n", "<br>") + "</p>")
        elif name not in _WITHOUT_TEXT and node.contents is not None:
            self._element(node, name, blocks)

    def _element(self, node: Tag, name: str, blocks: Blocks) -> None:
        if name not in _KEPT:
            self.write(node.contents.nodes, blocks)
        elif name in _BLOCK:
            inner = Blocks()
            self.write(node.contents.nodes, inner)
            blocks.block(f"<{name}{_spans(node)}>{inner.html()}</{name}>")
        else:
            blocks.inline(f"<{name}{_spans(node)}>{self.inline(node.contents)}</{name}>")

    def _code(self, node: Tag, name: str, blocks: Blocks) -> None:
        code = html.escape(html.unescape(str(node.contents or "")).strip("\n"))
        language = str(node.get("lang").value) if node.has("lang") else ""
        label = f' class="language-{html.escape(language, quote=True)}"' if language else ""
        if name != "pre" and node.has("inline"):
            blocks.inline(f"<code>{code}</code>")
        else:
            blocks.block(f"<pre><code{label}>{code}</code></pre>" if name != "pre" else f"<pre>{code}</pre>")

    def _table(self, table: Tag) -> str:
        caption, rows, loose = "", [], []
        for node in _tags(table):
            name = str(node.tag).strip()
            if name == "tr":
                rows.append(self._row(_cells(node)))
            elif name == "caption":
                caption = self.inline(node.contents)
            elif name in ("td", "th"):
                loose.append(node)
            else:
                rows.extend(self._row(_cells(row)) for row in _tags(node) if str(row.tag).strip() == "tr")
        if loose and _text_of(loose[0]).startswith("+"):
            caption = self.inline(loose.pop(0).contents).strip().removeprefix("+")
        above = f"<caption>{caption.strip()}</caption>" if caption else ""
        return f"<table>{above}{self._row(loose)}{''.join(rows)}</table>"

    def _row(self, cells: list[Tag]) -> str:
        return f"<tr>{''.join(map(self._cell, cells))}</tr>" if cells else ""

    def _cell(self, cell: Tag) -> str:
        name = str(cell.tag).strip()
        inner = self.inline(cell.contents).strip() if cell.contents is not None else ""
        return f"<{name}{_spans(cell)}>{inner}</{name}>"

    def _template(self, node: Template, blocks: Blocks) -> None:
        match read_template(node):
            case Infobox(rows):
                cells = ((html.escape(label), self.inline(value).strip()) for label, value in rows)
                body = "".join(f"<tr><th>{label}</th><td>{value}</td></tr>" for label, value in cells if value)
                if body:
                    blocks.block(f"<table>{body}</table>")
            case WithoutText():
                pass
            case None:
                self.left_out[str(node.name).strip()[:60]] += 1
            case parts:
                words = "".join(part if isinstance(part, str) else self.inline(part) for part in parts)
                add = blocks.block if _BETWEEN_PARAGRAPHS.search(words) else blocks.inline
                add(words)

    def _link(self, node: Wikilink, blocks: Blocks) -> None:
        title = str(node.title).strip()
        plain = title.lstrip(":")
        space = 0 if title.startswith(":") else self._addresses.namespace(plain)
        if space == CATEGORY or (node.text is None and _is_language(title)):
            return
        if space == FILE:
            if caption := self._caption(node):
                blocks.block(f"<p>{caption}</p>")
            return
        words = self.inline(node.text) if node.text is not None else html.escape(plain)
        url = self._addresses.of(plain)
        blocks.inline(f'<a href="{html.escape(url, quote=True)}">{words}</a>' if url else words)

    def _caption(self, node: Wikilink) -> str:
        """Return the caption of an image: the last of its options that is none of the known ones."""
        if node.text is None:
            return ""
        options = _split_options(node.text)
        captions = [part for part in options if not _IMAGE_OPTION.match("".join(map(str, part)).strip())]
        inner = Blocks()
        self.write(captions[-1] if captions else (), inner)
        return inner.inner_html()

    def _external(self, node: ExternalLink) -> str:
        url = html.escape(str(node.url).strip(), quote=True)
        words = self.inline(node.title) if node.title is not None else url
        return f'<a href="{url}">{words}</a>'


def _tags(node: Tag) -> list[Tag]:
    return [inner for inner in node.contents.nodes if isinstance(inner, Tag)] if node.contents is not None else []


def _cells(row: Tag) -> list[Tag]:
    return [cell for cell in _tags(row) if str(cell.tag).strip() in ("td", "th")]


def _text_of(cell: Tag) -> str:
    return str(cell.contents or "").lstrip()


def _split_options(code: Any) -> list[list[Any]]:
    options: list[list[Any]] = [[]]
    for node in code.nodes:
        if not isinstance(node, Text):
            options[-1].append(node)
            continue
        first, *others = str(node.value).split("|")
        options[-1].append(Text(first))
        options.extend([Text(other)] for other in others)
    return options


def _is_language(title: str) -> bool:
    """True for the link to the same page in another language, which belongs to the margin and not to the text."""
    return re.match(r"[a-z]{2,3}(?:-[a-z]{2,10})?:[^ ]", title) is not None


def _formula(node: Tag) -> str:
    tex = html.escape(html.unescape(str(node.contents or "")).strip())
    if str(node.tag).strip() in ("chem", "ce"):
        tex = rf"\ce{{{tex}}}"
    display = ' display="block"' if node.has("display") and str(node.get("display").value) == "block" else ""
    return f'<math{display}><semantics><annotation encoding="application/x-tex">{tex}</annotation></semantics></math>'


def _spans(node: Tag) -> str:
    found = ((name, str(node.get(name).value).strip()) for name in _SPANS if node.has(name))
    return "".join(f' {name}="{value}"' for name, value in found if value.isdigit())
