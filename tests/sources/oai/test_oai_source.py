"""The oai source against a real OAI-PMH server: nights, deletions, full texts, kills, and answers that are damaged."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sources.oai.responses import NotOai, OaiError, parse_identity, parse_records
from tests.doubles.sites.oai_repository import OaiRepository, oai_server
from tests.doubles.sites.plain_site import Request, RunningSite, running_site
from tests.flows.crawl.nights import FIRST, SECOND, THIRD, crawl_source, statuses, survives_kills

FREE = "http://creativecommons.org/licenses/by/4.0/"
OWN = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"


def filled(count: int) -> OaiRepository:
    """A repository with records 0 to count - 1 in Dublin Core."""
    repository = OaiRepository()
    for number in range(count):
        repository.put(f"oai:x:{number}", title=f"Title {number}", description=f"About {number}.", rights=FREE)
    return repository


def section(site: RunningSite, **keys: object) -> dict[str, object]:
    """The entry of `[[crawl.sources]]` for a repository."""
    return {"kind": "oai", "endpoint": f"{site.home}/oai", **keys}


def of(site: RunningSite, number: int) -> str:
    """The url of a record."""
    return f"{site.home}/oai?verb=GetRecord&identifier=oai%3Ax%3A{number}&metadataPrefix=oai_dc"


def test_nights_ask_for_changes_only(tmp_path: Path) -> None:
    """Without it every night lists the whole repository, and deleted records stay in tasks."""
    repository = filled(7)
    with oai_server(repository) as site:
        first = crawl_source(tmp_path, FIRST, section(site))
        assert [first[of(site, number)].status for number in range(7)] == ["ok"] * 7
        assert first[of(site, 0)].text == "# Title 0\n\nAbout 0."
        assert first[of(site, 0)].license == FREE
        repository.put("oai:x:1", title="Title 1", description="Changed.")
        repository.delete("oai:x:2")
        repository.delete("oai:x:unknown")
        repository.busy = 2
        second = crawl_source(tmp_path, SECOND, section(site))
        third = crawl_source(tmp_path, THIRD, section(site))
    lists = [path for path in site.paths() if "metadataPrefix=" in path]
    assert ["from=" in path for path in lists[:2]] == [False, True]
    changed = {url: row.status for url, row in second.items() if row.status not in ("not_modified", "collection")}
    assert changed == {of(site, 1): "ok", of(site, 2): "gone"}
    assert set(statuses(third).values()) <= {"not_modified", "collection"}


def test_an_expired_token_starts_the_list_again(tmp_path: Path) -> None:
    """A harvest of hours must not end for one token that the server has forgotten."""
    repository = filled(8)
    repository.wrong_token_once = True
    with oai_server(repository) as site:
        found = crawl_source(tmp_path, FIRST, section(site))
    assert sorted(row.status for row in found.values()) == ["collection", *["ok"] * 8]


def test_a_damaged_list_keeps_its_records_and_is_asked_for_again(tmp_path: Path) -> None:
    """A response cut in a record must neither crash the night nor lose what follows for ever."""
    repository = filled(3)
    with oai_server(repository) as site:
        whole = len(_body(site, "verb=ListRecords&metadataPrefix=oai_dc"))
        repository.cut_after = whole - 400
        first = crawl_source(tmp_path, FIRST, section(site))
        listed = first[f"{site.home}/oai?verb=ListRecords&metadataPrefix=oai_dc"]
        assert listed.status == "protocol_error"
        assert "not well-formed" in (listed.detail or "")
        assert first[of(site, 0)].status == "ok"
        second = crawl_source(tmp_path, SECOND, section(site))
    assert {second[of(site, number)].status for number in range(3)} <= {"ok", "not_modified"}
    assert listed.url in second


ARXIV = (
    "<id>{id}</id><created>2026-01-02</created><authors><author><keyname>Noether</keyname><forenames>Emmy</forenames>"
    "</author></authors><title>On\n  symmetry</title><categories>math.RA physics.hist-ph</categories>"
    "<license>{license}</license><abstract>We show $a = b$.</abstract>"
)


@contextmanager
def _full_texts() -> Iterator[RunningSite]:
    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        text = (
            "User-agent: *\nDisallow: /html/3"
            if request.path == "/robots.txt"
            else "<main><h1>Full</h1><p>Whole text.</p></main>"
        )
        kind = "text/plain" if request.path == "/robots.txt" else "text/html"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())

    with running_site(answer) as site:
        yield site


def test_full_texts_are_read_where_the_licence_allows_it(tmp_path: Path) -> None:
    """A text under a licence that forbids copies must never be fetched; robots.txt counts for the others."""
    repository = OaiRepository()
    for number, licence in enumerate((FREE, OWN, FREE)):
        repository.put(f"oai:arXiv.org:{number + 1}", xml=ARXIV.format(id=number + 1, license=licence))
    with oai_server(repository) as site, _full_texts() as texts:
        keys = {"prefix": "arXiv", "full_text": f"{texts.home}/html/{{id}}"}
        found = crawl_source(tmp_path, FIRST, section(site, **keys))
    assert statuses(found, texts.home) == {"/html/1": "ok", "/html/3": "robots_denied"}
    assert texts.paths() == ["/html/1"]
    assert found[f"{texts.home}/html/1"].license == FREE
    record = found["https://arxiv.org/abs/1"]
    assert record.title == "On symmetry"
    assert record.text == (
        "# On symmetry\n\n- Authors: Emmy Noether\n- Subjects: math.RA; physics.hist-ph\n- Date: 2026-01-02\n"
        "- Address: [https://arxiv.org/abs/1](https://arxiv.org/abs/1)\n\nWe show $a = b$."
    )


def test_an_address_that_is_no_repository_has_a_reason(tmp_path: Path) -> None:
    """A misspelt address must end in a row with its reason, not in a crash of the night."""
    with _full_texts() as texts:
        found = crawl_source(tmp_path, FIRST, {"kind": "oai", "endpoint": f"{texts.home}/oai"})
    assert [(row.status, "text/html" in (row.detail or "")) for row in found.values()] == [("content_type", True)]


def test_responses_that_are_not_the_protocols_are_refused() -> None:
    """Entities, foreign XML and errors must not be taken for an empty list."""
    one = b"<OAI-PMH><ListRecords><record><header><identifier>%b</identifier></header></record></ListRecords></OAI-PMH>"
    bomb = b'<!DOCTYPE a [<!ENTITY b "x">]>' + one.replace(b"%b", b"&b;")
    assert parse_records(bomb).records == ()
    assert [record.identifier for record in parse_records(one.replace(b"%b", b"i\x01&#x2;")).records] == ["i"]
    assert [record.identifier for record in parse_records(one.replace(b"%b", b"i&#xD800;")).records] == ["i\ufffd"]
    with pytest.raises(NotOai):
        parse_records(b"<html><body>Maintenance</body></html>")
    with pytest.raises(NotOai):
        parse_identity(b"")
    with pytest.raises(OaiError, match="badArgument: no"):
        parse_records(b"<OAI-PMH><error code='badArgument'>no</error></OAI-PMH>")


@pytest.mark.slow
def test_a_killed_harvest_gives_the_same_rows(tmp_path: Path) -> None:
    """A harvest that is killed and resumed must not lose or repeat a record."""
    with oai_server(filled(25)) as site:
        [found] = survives_kills(tmp_path, section(site), seed=7)
    assert len(found) == 26


def _body(site: RunningSite, query: str) -> bytes:
    import httpx

    return httpx.get(f"{site.home}/oai?{query}").content
