"""The real documentation of Python, SQLite, PostgreSQL and Node, as Debian packages it, and further manuals.

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
        if found := self.present():
            return random.Random(SEED).sample(found, min(number, len(found)))
        raise MissingTool(
            f"the documentation of {self.name} is missing: mkdir -p {DOCS} && cd {DOCS} && "
            f"apt-get download {self.package} && dpkg -x {self.package}_*.deb .",
            "FACTORY_REQUIRE_DOCS",
        )

    def present(self) -> list[Path]:
        """All pages of the manual on this machine."""
        roots = (sorted((root / self.folder).rglob("*.html")) for root in (Path("/"), DOCS))
        return next(filter(None, roots), [])

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
"""Manuals that every measurement needs."""

_TEXINFO = "//div[@class='header']|//*[contains(@class,'Contents_element')]|//ul[@class='section-toc']|//hr"
_GTK = "//a[@class='anchor']|//*[@class='srclink']"
_JAVADOC = "//nav|//footer|//*[@class='sub-nav' or @class='anchor-link']|//button"
FURTHER_MANUALS = (
    Manual("java", "openjdk-17-doc", "usr/share/doc/openjdk-17-jre-headless/api", "//main", _JAVADOC),
    Manual("gtk", "libgtk-4-doc", "usr/share/doc/libgtk-4-doc/gtk4", "//section[@id='main']", _GTK),
    Manual("glib", "libglib2.0-doc", "usr/share/gtk-doc/html/glib", "//div[@class='refentry']", "//*[@class='toc']"),
    Manual("r", "r-doc-html", "usr/share/R/doc/manual", "//body", _TEXINFO),
    Manual("octave", "octave-doc", "usr/share/doc/octave/octave.html", "//body", _TEXINFO),
    Manual("rust", "rust-doc", "usr/share/doc/rust-doc/html/book", "//main", "//button"),
    Manual("apache", "apache2-doc", "usr/share/doc/apache2-doc/manual/en", "//div[@id='page-content']",
           "//*[@id='quickview']|//div[@class='toplang' or @class='top']|//a[@class='permalink']"),
    Manual("boost", "libboost1.74-doc", "usr/share/doc/libboost1.74-doc/doc/html", "//div[@class='refentry']",
           "//div[@class='toc']"),
    Manual("qt", "qtbase5-doc-html", "usr/share/qt5/doc", "//div[@class='content mainContent']",
           "//div[@class='sidebar' or @class='toc']|//*[contains(@class,'navigation')]"),
    Manual("installation", "installation-guide-amd64", "usr/share/doc/installation-guide-amd64", "//body",
           "//*[@class='navheader' or @class='navfooter' or @class='toc']"),
)  # fmt: skip
"""Manuals of other generators and languages, which are measured where they are unpacked."""


def manuals() -> list[Manual]:
    """The manuals to measure."""
    return [*MANUALS, *(manual for manual in FURTHER_MANUALS if manual.present())]
