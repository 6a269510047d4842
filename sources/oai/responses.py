"""Parses the responses of an OAI-PMH server: records, deletions, resumption tokens, errors.

Characters that XML forbids are common in real metadata and are removed. A response that is still not well-formed gives
the records that can be read, together with its damage.
"""

import re
from dataclasses import dataclass

from lxml import etree

from sources.text.character_references import joined_halves

_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|&#(?:[0-8]|1[124-9]|2\d|3[01]|x0?[0-8bcefBCEF]|x1[0-9a-fA-F]);")


class OaiError(Exception):
    """The server answers with an error of the protocol; `code` is its code, such as badResumptionToken."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}".strip(": "))
        self.code = code


class NotOai(Exception):
    """The response is no answer of an OAI-PMH server."""


@dataclass(frozen=True)
class OaiRecord:
    """One record: its header, and its metadata unless it was deleted."""

    identifier: str
    datestamp: str
    is_deleted: bool
    metadata: etree._Element | None


@dataclass(frozen=True)
class RecordList:
    """One response to ListRecords."""

    records: tuple[OaiRecord, ...]
    token: str | None
    """resumption token of the next response; None after the last"""
    damage: str | None = None
    """why the response is not well-formed XML; records of it may be missing"""


@dataclass(frozen=True)
class Identity:
    """A server's description of itself."""

    name: str
    now: str
    """UTC time of the response"""
    has_seconds: bool
    """datestamps hold the time of day, too"""
    deleted: str
    """`no`, `transient` or `persistent`: how long deletions are listed"""


def parse_records(body: bytes) -> RecordList:
    """Return the records of a response. Raises OaiError and NotOai."""
    root, damage = _root(body)
    listed = root.find("{*}ListRecords")
    if listed is None:
        raise NotOai("the response holds no list of records")
    elements = listed.findall("{*}record")
    if damage and elements and elements[-1].getnext() is None:
        elements.pop()  # it may be cut off
    records = [record for element in elements if (record := _record(element))]
    token = listed.find("{*}resumptionToken")
    text = (token.text or "").strip() if token is not None else ""
    return RecordList(tuple(records), text or None, damage)


def parse_identity(body: bytes) -> Identity:
    """Return the description of a server. Raises OaiError and NotOai."""
    root, _ = _root(body)
    described = root.find("{*}Identify")
    now = _text(root, "responseDate")
    if described is None or not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z", now):
        raise NotOai("the response to Identify has no description or no date")
    name, form = _text(described, "repositoryName"), _text(described, "granularity")
    return Identity(name, re.sub(r"\.\d+", "", now), "hh" in form.lower(), _text(described, "deletedRecord") or "no")


def local_name(element: etree._Element) -> str:
    """Return the name of an element without namespace or prefix."""
    return str(element.tag).rpartition("}")[2].rpartition(":")[2]


def _root(body: bytes) -> tuple[etree._Element, str | None]:
    clean, damage = joined_halves(_FORBIDDEN.sub(b"", body)), None
    options = {"resolve_entities": False, "no_network": True, "load_dtd": False, "huge_tree": False}
    try:
        root = etree.fromstring(clean, etree.XMLParser(**options))
    except (etree.XMLSyntaxError, ValueError) as error:
        damage = str(error)
        root = _recovered(clean, options)
    if root is None or local_name(root) != "OAI-PMH":
        raise NotOai("the response is no OAI-PMH document")
    if (error_element := root.find("{*}error")) is not None:
        raise OaiError(error_element.get("code", "unknown"), (error_element.text or "").strip()[:500])
    return root, damage


def _recovered(body: bytes, options: dict[str, bool]) -> etree._Element | None:
    try:
        return etree.fromstring(body, etree.XMLParser(recover=True, **options))
    except (etree.XMLSyntaxError, ValueError):
        return None


def _record(element: etree._Element) -> OaiRecord | None:
    header = element.find("{*}header")
    identifier = _text(header, "identifier") if header is not None else ""
    if header is None or not identifier:
        return None
    holder = element.find("{*}metadata")
    metadata = next((child for child in holder if isinstance(child.tag, str)), None) if holder is not None else None
    return OaiRecord(identifier, _text(header, "datestamp"), header.get("status") == "deleted", metadata)


def _text(element: etree._Element, name: str) -> str:
    found = element.find(f"{{*}}{name}")
    return (found.text or "").strip() if found is not None else ""
