"""Walks the tree of a page once and writes it as Markdown, block by block.

The tree is walked without recursion, because pages can be nested more deeply than any call stack.
"""

from collections.abc import Callable

from selectolax.lexbor import LexborNode

from sources.text.boilerplate import HEADINGS
from sources.text.markdown.code import Code, code_blocks, code_text
from sources.text.markdown.containers import ENTER, grid_part
from sources.text.markdown.frame import ONE_LINE, Block
from sources.text.markdown.marks import code_span, image
from sources.text.markdown.page import Leave, Page, Reading
from sources.text.markdown.typewritten import typed_blocks

SKIPPED = frozenset((
    "script", "style", "noscript", "template", "svg", "iframe", "object", "embed", "head", "select", "textarea",
    "canvas", "audio", "video", "map", "colgroup", "datalist", "-comment", "title", "link", "meta"
))  # fmt: skip
MAX_ALT_CHARS = 500


def blocks_of(root: LexborNode, reading: Reading) -> list[Block]:
    """The blocks of an element in reading order."""
    page, special = Page(reading), reading.special()
    stack: list[tuple[LexborNode, Leave | None]] = []
    node = root.child
    while node is not None or stack:
        if node is None:
            node, leave = stack.pop()
            if leave is not None:
                leave()
        elif (tag := node.tag or "") == "-text":
            if reading.delimited_tex:
                page.write(node.text_content or "")
            else:
                page.frame.write(node.text_content or "")
        elif special and node.mem_id in special:
            if not _write_special(page, node):
                stack.append((node, _enter_special(page, node)))
                node = node.child
                continue
        elif tag not in SKIPPED and not (tag in WHOLE and WHOLE[tag](page, node)):
            stack.append((node, ENTER[tag](page, node) if tag in ENTER else None))
            node = node.child
            continue
        node = node.next
    page.end_paragraph()
    return page.frame.blocks


def _write_special(page: Page, node: LexborNode) -> bool:
    """Write a formula or a reference to a note; False for an element whose children are to be walked."""
    key, reading = node.mem_id, page.reading
    if key in reading.formulas:
        page.formula(reading.formulas[key])
        return True
    if key in reading.code:
        return _pre(page, node)
    if key in reading.footnotes.references:
        page.frame.raw(f"[^{reading.footnotes.references[key]}]")
        return True
    return key in reading.dropped or key in reading.footnotes.dropped


def _enter_special(page: Page, node: LexborNode) -> Leave | None:
    """Enter a heading of the site's layout, an element without links, the panel of a tab, or a footnote."""
    key, reading = node.mem_id, page.reading
    is_plain = key in reading.plain
    page.n_plain += is_plain
    if key in reading.panels:
        page.label(reading.panels[key])
    heading = reading.headings.get(key)
    enter = grid_part if key in reading.grids else ENTER.get(node.tag or "")
    leave_element = page.heading(heading) if heading else enter(page, node) if enter is not None else None
    note = page.frame if key in reading.footnotes.notes else None
    if note is not None:
        note.raw(f"[^{reading.footnotes.notes[key]}]: ")
    before, after = reading.footnotes.inline.get(key, ("", ""))
    page.frame.raw(before)

    def leave() -> None:
        page.frame.raw(after)
        if note is not None:
            note.drop_label()
        page.n_plain -= is_plain
        if leave_element is not None:
            leave_element()

    return leave


def _pre(page: Page, node: LexborNode) -> bool:
    frame = page.frame
    if frame.kind in ONE_LINE:
        lines = [line for code in code_blocks(node) for line in code.text.split("\n") if line.strip()]
        frame.raw("<br>".join(map(code_span, lines)) if frame.kind == "cell" else code_span(" ".join(lines)))
        return True
    frame.end_paragraph()
    if page.reading.typewritten:
        frame.blocks += typed_blocks(node, page.reading.resolve)
        return True
    for code in code_blocks(node):
        if page.reading.prose_in_pre:
            frame.add(code.text, "paragraph")
        else:
            frame.add(code.fenced(), "code")
    return True


def _code_table(page: Page, node: LexborNode) -> bool:
    """A file as code hosts show it: a table with a line of code in each row."""
    if page.frame.kind in ONE_LINE or node.css_first("td.blob-code, td.js-file-line, td.hljs-ln-code") is None:
        return False
    page.end_paragraph()
    if text := code_text(node):
        page.frame.add(Code(text, "").fenced(), "code")
    return True


def _image(page: Page, node: LexborNode) -> bool:
    attributes = node.attributes
    alt = " ".join((attributes.get("alt") or "").split())[:MAX_ALT_CHARS]
    if alt and not page.frame.in_code:
        source = attributes.get("src") or ""
        page.frame.raw(image(alt, None if page.frame.link else page.reading.resolve_image(source)))
    return True


def _input(page: Page, node: LexborNode) -> bool:
    """The box of a task list; other fields of forms hold no text of the page."""
    attributes = node.attributes
    if attributes.get("type") == "checkbox" and page.frame.kind == "item":
        page.frame.raw("[x] " if "checked" in attributes else "[ ] ")
    return True


def _line_break(page: Page, _node: LexborNode) -> bool:
    page.frame.line_break()
    return True


def _rule(page: Page, _node: LexborNode) -> bool:
    page.end_paragraph()
    return True


def _button(page: Page, node: LexborNode) -> bool:
    """A section that unfolds has its whole heading in a button; one beside the heading copies or edits it."""
    if page.frame.kind != "heading":
        return True
    heading = node.parent
    while heading is not None and heading.tag not in HEADINGS:
        heading = heading.parent
    return heading is not None and heading.text().split() != node.text().split()


WHOLE: dict[str, Callable[[Page, LexborNode], bool]] = {
    **dict.fromkeys(("pre", "listing", "xmp"), _pre),
    **{"table": _code_table, "img": _image, "input": _input, "br": _line_break, "hr": _rule, "button": _button},
}
"""tag → how the element is written as one unit; False to walk its children instead"""
