"""Footnotes: a reference becomes `[^1]`, and the note that it leads to begins with `[^1]: `.

A reference is a link to a place on the same page in superscript, or one that is marked as a reference by its role or
class. Links that lead back from a note are dropped.
"""

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

_REFERENCES = (
    "sup a[href^='#'], a[role=doc-noteref], a.footnote-ref, a.footnote-reference, a.fn-ref, a.footnoteref, a.noteref, "
    "a[rel=footnote]"
)
_SIGNS = ("<sup", "<SUP", "footnote", "noteref", "fn-ref")
"""what the html of every page with footnotes contains"""
_BACK = (
    "a[role=doc-backlink], a.footnote-backref, a.footnote-back, a.fn-backref, a.reversefootnote, .mw-cite-backlink, "
    "a[rev=footnote]"
)
_INLINE = {".ltx_note_outer": (" (", ")"), ".ltx_tag_bibitem": ("", " ")}
"""elements within a sentence → what is written before and behind them: notes in the margin, labels of references"""
_INLINE_SIGN = "ltx_"
_MARKS = ".ltx_note_mark, .ltx_tag_note"
"""the number of a note that stands in its sentence, given up to three times"""
_LABEL = re.compile(r"[\w.*†‡§-]{1,12}")
_ARROWS = re.compile(r"[\s↩↑^⤴⏎\ufe0e\ufe0f]+")
_HOLDS_NOTES = frozenset(("li", "div", "p", "aside", "dt", "section", "td", "tr"))


@dataclass(frozen=True)
class Footnotes:
    """The footnotes of a page, by the `mem_id` of nodes."""

    references: dict[int, str] = field(default_factory=dict)
    """link, or the superscript around it → label"""
    notes: dict[int, str] = field(default_factory=dict)
    """element that holds the note → label"""
    inline: dict[int, tuple[str, str]] = field(default_factory=dict)
    """note within its sentence → what is written before and behind it"""
    dropped: frozenset[int] = frozenset()
    """links back from a note, and the labels of notes"""


def footnotes_of(tree: LexborHTMLParser, html: str) -> Footnotes:
    """Find all references whose notes are on the page."""
    if _INLINE_SIGN in html:
        inline = {node.mem_id: around for selector, around in _INLINE.items() for node in tree.css(selector)}
        return Footnotes(inline=inline, dropped=frozenset(node.mem_id for node in tree.css(_MARKS)))
    links = {node.mem_id: node for node in tree.css(_REFERENCES)} if any(sign in html for sign in _SIGNS) else {}
    if not links:
        return Footnotes()
    targets = {name: node for node in tree.css("[id]") if (name := node.attributes.get("id"))}
    references, notes = {}, {}
    dropped = {node.mem_id for node in tree.css(_BACK)}
    for key, link in links.items():
        label = link.text().strip().strip("[]()")
        target = _note(targets.get((link.attributes.get("href") or "").removeprefix("#")))
        if target is None or not _LABEL.fullmatch(label) or _is_within(link, target):
            continue
        above = link.parent
        is_alone = above is not None and above.tag == "sup" and above.text().strip() == link.text().strip()
        references[above.mem_id if above is not None and is_alone else key] = label
        holder = _definition(target)
        if holder.mem_id not in notes:
            notes[holder.mem_id] = label
            dropped |= _labels(target, label)
    return Footnotes(references, notes, dropped=frozenset(dropped))


def _note(target: LexborNode | None) -> LexborNode | None:
    """The element that holds the note: the target itself, or for an empty anchor the element around it."""
    node, depth = target, 0
    while node is not None and node.tag not in _HOLDS_NOTES and depth < 3:
        node, depth = node.parent, depth + 1
    return node if node is not None and node.tag in _HOLDS_NOTES else None


def _definition(note: LexborNode) -> LexborNode:
    """The element that holds the words of a note: of a term, which is its label, the definition behind it."""
    if note.tag != "dt":
        return note
    behind = note.next
    while behind is not None and behind.tag == "-text":
        behind = behind.next
    return behind if behind is not None and behind.tag == "dd" else note


def _is_within(link: LexborNode, target: LexborNode) -> bool:
    node = link.parent
    while node is not None and node.mem_id != target.mem_id:
        node = node.parent
    return node is not None


def _labels(note: LexborNode, label: str) -> set[int]:
    """The parts of a note that repeat its label or only lead back."""
    return {
        node.mem_id
        for node in note.css("a, sup, span.label, span.fn-bracket")
        if (words := node.text().strip()).strip("[]().") == label or (words and not _ARROWS.sub("", words))
    }
