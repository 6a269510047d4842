"""The real documentation of Python, SQLite, PostgreSQL and Node, as Debian packages it.

`apt-get download` and `dpkg -x` unpack the packages below DOCS without installing them: nodejs-doc cannot be installed
beside a newer Node than Debian's.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lxml.html import HtmlElement

from tests.benchmarks.crawl.units import page
from tests.benchmarks.figure import MissingTool

DOCS = Path(os.environ.get("FACTORY_DOCS", "~/.cache/horizon-factory/docs")).expanduser()
SEED = 20


@dataclass(frozen=True)
class Manual:
    """A manual: its package, where its pages are, and the XPaths of its content and of what is no content in it."""

    name: str
    package: str
    folder: str
    content: str
    noise: str

    def pages(self, number: int) -> list[Path]:
        """Random pages, the same in every run. Raises MissingTool with the command that unpacks the package."""
        for root in (Path("/"), DOCS):
            if found := sorted((root / self.folder).rglob("*.html")):
                return random.Random(SEED).sample(found, min(number, len(found)))
        raise MissingTool(
            f"the documentation of {self.name} is missing: mkdir -p {DOCS} && cd {DOCS} && "
            f"apt-get download {self.package} && dpkg -x {self.package}_*.deb .",
            "FACTORY_REQUIRE_DOCS",
        )

    def url(self, path: Path) -> str:
        """The url of a page on the site of the manual."""
        return f"http://{self.name}.example/{str(path).partition(self.folder)[2].lstrip('/')}"

    def contents(self, text: str) -> Iterator[HtmlElement]:
        """The elements of a page that hold its content."""
        root = page(text)
        for node in root.xpath(self.noise):
            node.drop_tree()
        yield from root.xpath(self.content)


MANUALS = (
    Manual("python", "python3.11-doc", "usr/share/doc/python3.11/html", "//*[@role='main']",
           "//a[@class='headerlink']|//nav[contains(@class,'contents')]"),
    Manual("sqlite", "sqlite3-doc", "usr/share/doc/sqlite3", "//body",
           "//*[@class='nosearch' or @class='fancy_toc' or @class='fancy-toc']|//*[@id='toc_sub']"),
    Manual("postgresql", "postgresql-doc-15", "usr/share/doc/postgresql-doc-15/html", "//body",
           "//*[@class='navheader' or @class='navfooter']"),
    Manual("node", "nodejs-doc", "usr/share/doc/nodejs/api", "//*[@id='apicontent']",
           "//a[@class='mark' or @class='srclink']|//button"),
)  # fmt: skip
