"""The Markdown of a page: its blocks without the menus and notices before and behind its content."""

import re
from dataclasses import replace

from selectolax.lexbor import LexborNode

from sources.text.boilerplate import unlinked
from sources.text.markdown.frame import Block, joined
from sources.text.markdown.page import Reading
from sources.text.markdown.renderer import blocks_of

MIN_KEPT_SHARE = 0.1
"""If less of a page's text outside of links is left, everything looks like boilerplate, and the whole page is read."""
LINKED_SHARE = 0.7
"""A block before the first heading, or at the end, is a menu if a larger share of its words is links."""
MAX_NOTICE_CHARS = 250
MAX_TAIL_SHARE = 0.15
"""A larger share of the page in links at its end is the list of its chapters."""

_LINK = re.compile(r"!?\[((?:\\.|[^\]\\])*)\]\([^()\s]*\)")
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
_NOTICES = (
    r"skip to (?:the )?(?:main )?(?:content|navigation)", r"jump to (?:navigation|search|content)",
    r"back to (?:the )?top", r"(?:was|is) this (?:page|article|answer|post|section) (?:helpful|useful)",
    r"did this (?:page|article) help", r"rate this (?:page|article)", r"(?:share|tweet)(?: this| on\b| via\b|$)",
    r"follow us", r"subscribe (?:to|now)", r"sign up (?:for|to)", r"(?:advertisement|sponsored|share|loading)\W*$",
    r"edit (?:this page|on github)", r"improve this page", r"report (?:a|an) (?:bug|issue|problem)",
    r"suggest (?:an edit|changes)", r"print this page", r"(?:copyright |\(c\) ?|©)", r"all rights reserved",
    r"powered by ", r"(?:we|this (?:web)?site) uses? cookies", r"accept (?:all )?cookies", r"privacy policy\W*$",
    r"terms of (?:use|service)\W*$", r"leave a (?:comment|reply)", r"last (?:updated|modified)\b",
    r"(?:table of contents|on this page)\W*$", r"(?:log ?|sign )in\W*$", r"!?\[?top(?:\]\([^()]*\))?$",
)  # fmt: skip
"""Beginnings of short blocks that belong to the site and not to the page."""
_NOTICE = re.compile(rf"(?:[-*>:#\s\[]|\d+\. )*(?:{'|'.join(_NOTICES)})", re.IGNORECASE)
_NOTICE_KINDS = frozenset(("paragraph", "item", "heading", "definition", "term"))


def markdown_of(root: LexborNode, reading: Reading) -> str:
    """Render an element as Markdown, without the boilerplate that the reading names."""
    blocks = trimmed(blocks_of(root, reading), is_marked=root.tag != "body")
    kept = sum(len(block.text) for block in blocks)
    if reading.dropped and kept < MIN_KEPT_SHARE * len(root.text()) and _is_too_little(blocks, kept, root):
        whole = blocks_of(root, replace(reading, dropped=frozenset()))
        blocks = whole if sum(len(block.text) for block in whole) > 2 * kept else blocks
    text = joined(blocks)
    return _INVISIBLE.sub("", text) if not text.isascii() else text


def _is_too_little(blocks: list[Block], kept: int, root: LexborNode) -> bool:
    """True if only headings are left, or hardly any of the text that no menu is made of."""
    return all(block.kind == "heading" for block in blocks) or kept < MIN_KEPT_SHARE * unlinked(root)


def trimmed(blocks: list[Block], *, is_marked: bool) -> list[Block]:
    """Drop notices; without an element that marks the content, also menus before the first heading and at the end.

    A list of links at the end is content where a heading announces it, or where it is a large part of the page.
    """
    blocks = [block for block in blocks if not _is_notice(block)]
    if is_marked:
        return blocks
    start, end = 0, len(blocks)
    first = next((at for at, block in enumerate(blocks) if block.kind == "heading"), 0)
    while start < first and _is_menu(blocks[start]):
        start += 1
    last = max((at for at, block in enumerate(blocks) if block.kind == "heading"), default=-1)
    while end - 1 > start and _is_menu(blocks[end - 1]):
        end -= 1
    tail = sum(len(block.text) for block in blocks[end:])
    is_content = end - 1 <= last or tail > MAX_TAIL_SHARE * sum(len(block.text) for block in blocks[start:])
    return blocks[start:] if is_content else blocks[start:end]


def _is_notice(block: Block) -> bool:
    return len(block.text) <= MAX_NOTICE_CHARS and block.kind in _NOTICE_KINDS and bool(_NOTICE.match(block.text))


def _is_menu(block: Block) -> bool:
    if block.kind not in ("paragraph", "item", "definition", "term"):
        return False
    linked = sum(len(found[1]) for found in _LINK.finditer(block.text))
    plain = _LINK.sub("", block.text).strip(" -|·•»›/\n0123456789.<>:")
    return linked > 0 and linked > LINKED_SHARE * (linked + len(plain))
