"""The generated wiki of regions as pages of a real MediaWiki, so that what composers draw from comes through a crawl.

The wiki's own HTML, its edit marks and the extraction of both lie between these pages and the lake.
"""

import re
from datetime import date

from tests.doubles.sites.mediawiki import MediaWiki
from tests.doubles.sites.region_wiki import documents

AT_ONCE = 200
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
ITEM = re.compile(r"^- ", re.MULTILINE)
TABLE = re.compile(r"^\|.*\n\|[ |-]*\n(?:\|.*\n?)+", re.MULTILINE)


def write_region_pages(wiki: MediaWiki, day: date, n_pages: int) -> None:
    """Write about so many pages into the wiki."""
    pages = [(page.url.rpartition("/")[2], wikitext(page.text or "")) for page in documents(day, n_pages)]
    for first in range(0, len(pages), AT_ONCE):
        wiki.edit_all(dict(pages[first : first + AT_ONCE]))


def wikitext(markdown: str) -> str:
    """The Markdown of such a page as wikitext, without the first heading, which the wiki gives itself."""
    body = markdown.partition("\n")[2].strip()
    body = HEADING.sub(r"== \1 ==", LINK.sub(r"[[\1]]", TABLE.sub(lambda found: _table(found[0]), body)))
    return ITEM.sub("* ", body)


def _table(rows: str) -> str:
    header, _, *others = [row.strip("| ").split(" | ") for row in rows.strip().split("\n")]
    lines = ["! " + " !! ".join(header), *("| " + " || ".join(row) for row in others)]
    return '{| class="wikitable"\n' + "\n|-\n".join(lines) + "\n|}\n"
