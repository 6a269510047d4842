"""Pages whose boilerplate is labelled by hand: documentation, blogs, forums, news, wikis, as small as real ones allow.

An element with the attribute `data-boilerplate` is no content. The attribute is removed before a page is extracted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml.html import HtmlElement

from tests.benchmarks.crawl.units import page

FOLDER = Path(__file__).parents[2] / "sources" / "text" / "labelled"
LABEL = "data-boilerplate"


@dataclass(frozen=True)
class Labelled:
    """A page as it is extracted, its content, and the words of its content and its boilerplate, piece by piece."""

    name: str
    url: str
    html: str
    content: HtmlElement
    content_words: tuple[str, ...]
    boilerplate_words: tuple[str, ...]


def labelled_pages() -> Iterator[Labelled]:
    """All labelled pages, by name."""
    for path in sorted(FOLDER.rglob("*.html")):
        text = path.read_text("utf-8")
        root = page(text)
        body = root.find("body")
        noise = [piece for node in body.xpath(f".//*[@{LABEL}]") for piece in _pieces(node)]
        for node in body.xpath(f".//*[@{LABEL}]"):
            if node.getparent() is not None:
                node.drop_tree()
        name = str(path.relative_to(FOLDER))
        yield Labelled(
            name, f"http://site.example/{name}", text.replace(f" {LABEL}", ""), body, tuple(_pieces(body)), tuple(noise)
        )


def words(text: str) -> str:
    """The words of a text in lower case with single spaces between and around."""
    return " " + " ".join(re.findall(r"[^\W_]+", text.lower())) + " "


def _pieces(node: HtmlElement) -> Iterator[str]:
    """The words of each text below an element."""
    for text in node.xpath(".//text()[not(ancestor::button or ancestor::script)]"):
        if len(found := words(text)) > 2:
            yield found
