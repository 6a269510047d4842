"""The region wiki with units behind its numbers, as an encyclopedia has them; its other pages are those of the wiki."""

import re
from collections.abc import Iterator
from datetime import date

from schemas import Document
from schemas.document import doc_id
from schemas.record import sha256_text
from tests.doubles.sites.region_wiki import HOST, documents
from warehouse.lake import Lake, PartName

UNITS = {"Elevation": "m", "Length": "km", "Basin": "km²"}
ROW = re.compile(r"^\| (Elevation|Length|Basin) \| ([\d,]+) \|$", re.MULTILINE)


def write_surveyed_wiki(lake: Lake, day: date, n_pages: int, seed: int = 1, host: str = HOST) -> None:
    """Write about so many pages as one part of documents."""
    lake.write(Document, surveyed(day, n_pages, seed, host), PartName(day, f"surveyed{seed}", 0))


def surveyed(day: date, n_pages: int, seed: int = 1, host: str = HOST) -> Iterator[Document]:
    """The pages."""
    for one in documents(day, n_pages, seed, host):
        text = ROW.sub(lambda row: f"| {row[1]} | {row[2]} {UNITS[row[1]]} |", one.text or "")
        changed = {"text": text, "content_sha256": sha256_text(text), "n_chars": len(text)}
        yield one.model_copy(update={**changed, "doc_id": doc_id(one.url, sha256_text(text))})
