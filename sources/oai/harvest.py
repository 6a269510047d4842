"""Harvests the records of an OAI-PMH repository, response by response along resumption tokens."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

from sources.collections.collection import Refused
from sources.http.serial_requests import SerialRequests
from sources.oai.responses import Identity, NotOai, OaiError, OaiRecord, RecordList, parse_identity, parse_records
from sources.status_codes import Status

XML_TYPES = frozenset({"text/xml", "application/xml", "application/oai+xml", "application/atom+xml"})


@dataclass(frozen=True)
class Selection:
    """The selective arguments of a list of records."""

    prefix: str
    """metadata format, such as oai_dc or arXiv"""
    set_name: str | None
    since: str | None
    """first datestamp; None: all"""


@dataclass
class Harvest:
    """The records of one repository."""

    endpoint: str
    requests: SerialRequests
    damages: list[str] = field(default_factory=list)
    """one line for each response that was not well-formed"""

    async def identify(self) -> Identity:
        """Request the description of the repository. Raises Refused."""
        body = await self._get({"verb": "Identify"})
        try:
            return parse_identity(body)
        except (OaiError, NotOai) as error:
            raise Refused(Status.PROTOCOL_ERROR, f"{self.endpoint}: {error}; set `endpoint` to the base url") from error

    async def records(self, selection: Selection) -> AsyncIterator[OaiRecord]:
        """Yield the selected records. A list whose token expires is requested again once. Raises Refused."""
        restarted = False
        token: str | None = None
        seen = set[str]()
        while True:
            try:
                listed = await self._list(selection, token)
            except OaiError as error:
                if error.code == "noRecordsMatch":
                    return
                if error.code != "badResumptionToken" or token is None or restarted:
                    raise Refused(Status.PROTOCOL_ERROR, f"the repository refuses the list: {error}") from error
                restarted, token = True, None
                seen.clear()
                continue
            for record in listed.records:
                yield record
            token = listed.token
            if token is None:
                return
            if token in seen:
                raise Refused(Status.PROTOCOL_ERROR, "the repository repeats a resumption token for ever")
            seen.add(token)

    async def _list(self, selection: Selection, token: str | None) -> RecordList:
        chosen = {"metadataPrefix": selection.prefix, "set": selection.set_name, "from": selection.since}
        asked = {"resumptionToken": token} if token else {name: value for name, value in chosen.items() if value}
        body = await self._get({"verb": "ListRecords", **asked})
        try:
            listed = parse_records(body)
        except NotOai as error:
            raise Refused(Status.PROTOCOL_ERROR, f"{self.endpoint}: {error}") from error
        if listed.damage:
            self.damages.append(listed.damage)
        return listed

    async def _get(self, parameters: dict[str, str]) -> bytes:
        result = await self.requests.get(f"{self.endpoint}?{urlencode(parameters)}", XML_TYPES)
        if result.status != Status.OK:
            raise Refused(result.status, f"the repository: {result.detail}", transient=result.retryable)
        return result.body
