"""Turns the metadata of a record into a page: Dublin Core of any repository, and arXiv's own format.

Title and abstract are the text; authors, subjects, date and identifiers are a list above it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lxml import etree

from sources.oai.responses import OaiRecord, local_name
from sources.status_codes import Status
from sources.text.document_builder import ExtractedPage
from sources.urls import normalise

ARXIV_PREFIX = "oai:arXiv.org:"
MAX_VALUES = 200
"""Values of one field that are shown; some records name thousands of authors."""

_SPACE = re.compile(r"\s+")
_DOI = re.compile(r"(?:doi:\s*|info:doi/)?(10\.\d{4,9}/\S+)", re.IGNORECASE)
_LANGUAGES = {
    "eng": "en", "ger": "de", "deu": "de", "fre": "fr", "fra": "fr", "spa": "es", "ita": "it", "por": "pt", "rus": "ru",
    "chi": "zh", "zho": "zh", "jpn": "ja", "kor": "ko", "ara": "ar", "pol": "pl", "dut": "nl", "nld": "nl", "swe": "sv",
    "tur": "tr", "ukr": "uk", "cze": "cs", "ces": "cs", "english": "en", "german": "de", "french": "fr",
}  # fmt: skip


@dataclass(frozen=True)
class RecordFields:
    """The fields of a record that a page shows."""

    title: str = ""
    creators: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    paragraphs: tuple[str, ...] = ()
    """abstract or description"""
    notes: tuple[tuple[str, str], ...] = ()
    """(label, value) of further fields, such as the journal"""
    urls: tuple[str, ...] = ()
    """pages and files of the work"""
    license: str | None = None
    lang: str | None = None

    @property
    def arxiv_id(self) -> str | None:
        """arXiv's id of the work, if one of its addresses has one."""
        return next((url.partition("/abs/")[2] for url in self.urls if "//arxiv.org/abs/" in url), None)


def read_fields(record: OaiRecord) -> RecordFields | None:
    """Return the fields of a record in a format that is known; None for another format."""
    if record.metadata is None:
        return None
    match local_name(record.metadata):
        case "dc":
            return _dublin_core(record.metadata)
        case "arXiv":
            return _arxiv(record.metadata)
    return None


def record_page(fields: RecordFields) -> ExtractedPage:
    """Return the page of a record's fields."""
    if not fields.title and not fields.paragraphs:
        return ExtractedPage(Status.EXTRACTION_EMPTY, "the record has neither title nor description")
    facts = [
        ("Authors", "; ".join(fields.creators)),
        ("Subjects", "; ".join(fields.subjects)),
        ("Date", "; ".join(fields.dates)),
        *fields.notes,
        *(("Address", f"[{url}]({url})") for url in fields.urls),
    ]
    listed = "\n".join(f"- {label}: {value}" for label, value in facts if value)
    parts = (f"# {fields.title}" if fields.title else "", listed, *fields.paragraphs)
    text = "\n\n".join(part for part in parts if part)
    links = tuple((url, url) for url in fields.urls)
    return ExtractedPage(Status.OK, None, fields.title or None, text, links, fields.lang, fields.license)


def _dublin_core(element: etree._Element) -> RecordFields:
    urls = [url for text in _all(element, "identifier", "relation") if (url := _address(text))]
    rights = _all(element, "rights")
    title, *more_titles = _all(element, "title") or [""]
    return RecordFields(
        title=title,
        creators=_few(_all(element, "creator", "contributor")),
        subjects=_few(_all(element, "subject")),
        dates=_few(_all(element, "date")),
        paragraphs=_few(_all(element, "description")),
        notes=tuple(
            [("Other title", other) for other in more_titles[:MAX_VALUES]]
            + [("Publisher", name) for name in _all(element, "publisher")[:3]]
            + [("Source", name) for name in _all(element, "source")[:3]]
            + [("Type", name) for name in _all(element, "type")[:3]]
        ),
        urls=tuple(dict.fromkeys(urls))[:MAX_VALUES],
        license=next((right for right in rights if "://" in right), rights[0][:300] if rights else None),
        lang=_lang(_all(element, "language")),
    )


def _arxiv(element: etree._Element) -> RecordFields:
    identity = _one(element, "id")
    authors = [
        " ".join(part for part in (_one(author, "forenames"), _one(author, "keyname"), _one(author, "suffix")) if part)
        for author in element.iterfind("{*}authors/{*}author")
    ]
    doi = _address(_one(element, "doi"))
    notes = [("Comments", _one(element, "comments")), ("Journal", _one(element, "journal-ref")),
             ("Report", _one(element, "report-no")), ("MSC class", _one(element, "msc-class")),
             ("ACM class", _one(element, "acm-class"))]  # fmt: skip
    return RecordFields(
        title=_one(element, "title"),
        creators=_few(authors),
        subjects=tuple(_one(element, "categories").split()),
        dates=tuple(date for date in (_one(element, "created"), _one(element, "updated")) if date),
        paragraphs=tuple(text for text in (_one(element, "abstract"),) if text),
        notes=tuple((label, value) for label, value in notes if value),
        urls=tuple(url for url in (f"https://arxiv.org/abs/{identity}" if identity else "", doi) if url),
        license=_one(element, "license") or None,
        lang="en",
    )


def _all(element: etree._Element, *names: str) -> list[str]:
    found = (child for name in names for child in element.iterfind(f"{{*}}{name}"))
    return [text for child in found if (text := _SPACE.sub(" ", "".join(child.itertext())).strip())]


def _one(element: etree._Element, name: str) -> str:
    return next(iter(_all(element, name)), "")


def _few(values: Sequence[str]) -> tuple[str, ...]:
    if len(values) <= MAX_VALUES:
        return tuple(values)
    return (*values[:MAX_VALUES], f"and {len(values) - MAX_VALUES} more")


def _address(text: str) -> str | None:
    if text.lower().startswith(("http://", "https://")):
        return normalise(text)
    found = _DOI.fullmatch(text)
    return normalise(f"https://doi.org/{found[1]}") if found else None


def _lang(values: Iterable[str]) -> str | None:
    first = next(iter(values), "").lower()
    return _LANGUAGES.get(first) or (first if re.fullmatch(r"[a-z]{2}(?:-[a-z]{2})?", first) else None)
